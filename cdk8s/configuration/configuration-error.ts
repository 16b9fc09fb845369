/** Something in a configuration is not allowed. */
export interface ConfigurationProblem {
  /** Where: `regions[1].cidr`. */
  readonly path: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** The configuration cannot be used: the message lists everything that is wrong with it. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  /** @param options.file where the configuration was read */
  constructor(problems: readonly ConfigurationProblem[], options?: ErrorOptions & { readonly file?: string }) {
    const list = problems.map(({ path, message }) => `\n  ${path === '' ? '(file)' : path}: ${message}`);
    const name = options?.file === undefined ? '' : ` ${options.file}`;
    super(`cannot use the configuration${name}:${list.join('')}`, options);
    this.problems = problems;
  }
}
