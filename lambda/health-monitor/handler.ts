import type { LambdaContext } from '../shared/lambda-context.ts';
import { HealthMonitor, type HealthReport } from './health-monitor.ts';

const monitor = new HealthMonitor();

/** What Lambda calls, every minute; what the event says does not matter. */
export const handler = (_event: unknown, context: LambdaContext): Promise<HealthReport> =>
  monitor.check(context, process.env);
