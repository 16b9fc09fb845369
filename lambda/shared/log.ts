/** Writes one line of JSON to the function's log. */
export type Log = (
  level: 'INFO' | 'WARN' | 'ERROR',
  message: string,
  facts?: Readonly<Record<string, unknown>>,
) => void;

/** @param requestId of the invocation, on every line */
export function logOf(requestId: string): Log {
  return (level, message, facts = {}) => {
    const line = JSON.stringify({ level, requestId, message, ...facts }, (_key, value: unknown) =>
      value instanceof Error ? value.message : value,
    );
    console.log(line);
  };
}
