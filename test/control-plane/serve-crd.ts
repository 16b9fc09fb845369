import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from './control-plane.ts';

const ATTEMPTS = 600;
const PAUSE_MS = 50;

/**
 * Waits until the API server serves a custom resource. Not `kubectl wait --for=condition=Established`: that fails on a
 * CRD that has no conditions yet, and Established comes before discovery knows the resource.
 *
 * @param resource as kubectl takes it: `widgets.example.com`, or a short name
 */
export async function waitUntilServed(plane: ControlPlane, resource: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await plane.kubectl(['get', resource, '--all-namespaces']);
      return;
    } catch (error) {
      if (attempt >= ATTEMPTS) {
        throw error;
      }
      await delay(PAUSE_MS);
    }
  }
}
