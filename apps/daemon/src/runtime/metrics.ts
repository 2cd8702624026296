import type { ApiServerOptions, MetricsService } from '@waiaas/api-server';
import { listAudit } from '@waiaas/storage';
import type { AnswerCount, MetricsParts } from './metrics-registry.ts';

/** The figures of a daemon, and what counts its answers. What they are made with is loaded when somebody asks for them. */
export function createMetrics(parts: MetricsParts): MetricsService & Pick<ApiServerOptions, 'observe'> {
  const counts = new Map<string, AnswerCount>();
  const lastAuditRow = listAudit(parts.storage.read, { order: 'desc', limit: 1 }).then(([last]) => last?.id ?? 0);
  // Said when somebody asks.
  lastAuditRow.catch(() => undefined);
  const load = async () =>
    (await import('./metrics-registry.ts')).createMetricsRegistry(parts, {
      lastAuditRow,
      answers: () => counts.values(),
    });
  let registry: ReturnType<typeof load> | undefined;

  return {
    observe({ route, status, seconds }) {
      const key = `${status} ${route}`;
      const before = counts.get(key) ?? { route, status: String(status), n: 0, seconds: 0 };
      counts.set(key, { ...before, n: before.n + 1, seconds: before.seconds + seconds });
    },
    async read() {
      registry ??= load();
      const loaded = await registry;
      return { contentType: loaded.contentType, text: await loaded.metrics() };
    },
  };
}
