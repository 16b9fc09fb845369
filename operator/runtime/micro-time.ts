/**
 * RFC 3339 with exactly six fractional digits: the API server refuses a MicroTime with fewer.
 * https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#microtime-v1-meta
 *
 * @param milliseconds since the epoch
 */
export function microTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -1)}000Z`;
}
