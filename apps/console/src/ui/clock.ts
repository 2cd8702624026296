import { useEffect, useState } from 'react';
import { daemonClock } from '../session/daemon-clock.ts';

/** The present time of the daemon, ms since 1970, told once a second for as long as somebody looks. */
export function useNow(): number {
  const [now, setNow] = useState(() => daemonClock.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(daemonClock.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
