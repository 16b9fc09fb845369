import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Configuration } from './configuration.ts';
import { createConfiguration } from './configuration.ts';
import { ConfigurationError } from './configuration-error.ts';
import { observedNames } from './observed-names.ts';
import type { ConfigurationInput } from './schema.ts';

/**
 * Reads a configuration from a file of YAML or JSON.
 *
 * @param observed what `kubectl get vpcendpoints,clusters.rds.aws.m.upbound.io -A -o json` wrote: names that AWS gave,
 * which are added to those of the file
 * @throws ConfigurationError if it cannot be read or used.
 */
export function loadConfiguration(file: string, observed?: string): Configuration {
  const value = reading(file, (text): unknown => parse(text));
  try {
    // Whatever it is: the schema looks at it next.
    return createConfiguration(withObserved(value, observed) as ConfigurationInput);
  } catch (error) {
    // Two files are read for a comparison: it has to be said whose mistakes these are.
    if (error instanceof ConfigurationError) throw new ConfigurationError(error.problems, { cause: error, file });
    throw error;
  }
}

/**
 * What `kubectl` wrote into a file, for {@link loadConfiguration}.
 *
 * @throws ConfigurationError if it cannot be read.
 */
export function readObserved(file: string): string {
  return reading(file, (text) => text);
}

function reading<T>(file: string, convert: (text: string) => T): T {
  try {
    return convert(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError([{ path: '', message: `cannot read ${file}: ${why}` }], { cause: error });
  }
}

const isObject = (value: unknown): value is ConfigurationInput =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Only an object can hold them: anything else goes to the schema as it is, which says what is wrong. */
function withObserved(input: unknown, observed: string | undefined): unknown {
  if (observed === undefined || !isObject(input)) return input;
  const found = observedNames(observed, input.suffix);
  const endpointNames = { ...found.endpointNames, ...input.network?.endpointNames };
  const writerEndpoints = { ...found.writerEndpoints, ...input.dns?.writerEndpoints };
  return { ...input, network: { ...input.network, endpointNames }, dns: { ...input.dns, writerEndpoints } };
}
