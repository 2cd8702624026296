// The waiaas command straight from its source, so that its tests never run a stale build.
import { main } from '../src/cli/main.ts';

await main();
