import { fileURLToPath } from 'node:url';
import { ensureGoTool, type GoToolOptions } from '../control-plane/go-tool.ts';

/**
 * Path of promtool, Prometheus' own checker of rules, metrics and queries: built once from its Go module.
 *
 * @throws ControlPlaneError if Go is missing or the build fails.
 */
export function ensurePromtool(options: GoToolOptions = {}): Promise<string> {
  return ensureGoTool(
    {
      name: 'promtool',
      moduleDirectory: fileURLToPath(new URL('./go/prometheus', import.meta.url)),
      module: 'github.com/prometheus/prometheus',
      package: 'github.com/prometheus/prometheus/cmd/promtool',
      // Clouds that a Prometheus server finds its targets in: most of the build, and nothing that a rule needs.
      tags: ['remove_all_sd'],
      firstBuild: 'about 3 minutes on two cores',
    },
    options,
  );
}
