// Generated from crds/aurora-dr.io_disasterrecoverypolicies.yaml: change that file and run `npm run generate`.
import type { StructuralSchema } from './structural-schema.ts';

// As maxLength and pattern of the CRD say.
const DURATION = /^(?=.{1,16}$)([0-9]{1,6}(ms|s|m|h))+$/;

/** Types, presence and ranges of an object as the API server returns it. */
export const DISASTER_RECOVERY_POLICY_SCHEMA: StructuralSchema = {
  type: 'object',
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { type: 'string', enum: ['aurora-dr.io/v1alpha1'] },
    kind: { type: 'string', enum: ['DisasterRecoveryPolicy'] },
    metadata: {
      type: 'object',
      required: ['name', 'namespace', 'uid', 'resourceVersion', 'generation'],
      properties: {
        name: { type: 'string' },
        namespace: { type: 'string' },
        uid: { type: 'string' },
        resourceVersion: { type: 'string' },
        generation: { type: 'integer' },
      },
    },
    spec: {
      type: 'object',
      required: [
        'globalClusterIdentifier',
        'regions',
        'objectives',
        'detection',
        'failover',
        'failback',
        'fencing',
        'crossplane',
        'suspend',
      ],
      properties: {
        globalClusterIdentifier: { type: 'string' },
        aws: {
          type: 'object',
          required: ['roleArn'],
          properties: { roleArn: { type: 'string' }, externalId: { type: 'string' } },
        },
        regions: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name', 'clusterIdentifier', 'promotion'],
            properties: {
              name: { type: 'string' },
              clusterIdentifier: { type: 'string' },
              promotion: { type: 'string', enum: ['Prefer', 'Allow', 'Never'] },
            },
          },
        },
        objectives: {
          type: 'object',
          required: ['recoveryTime', 'recoveryPoint'],
          properties: {
            recoveryTime: { type: 'string', pattern: DURATION },
            recoveryPoint: { type: 'string', pattern: DURATION },
          },
        },
        detection: {
          type: 'object',
          required: ['interval', 'timeout', 'failureThreshold', 'successThreshold', 'quorum', 'signals'],
          properties: {
            interval: { type: 'string', pattern: DURATION },
            timeout: { type: 'string', pattern: DURATION },
            failureThreshold: { type: 'integer', minimum: 1, maximum: 100 },
            successThreshold: { type: 'integer', minimum: 1, maximum: 100 },
            quorum: { type: 'integer', minimum: 2, maximum: 4 },
            signals: {
              type: 'object',
              properties: {
                controlPlane: { type: 'object', properties: {} },
                endpoint: {
                  type: 'object',
                  required: ['type'],
                  properties: {
                    type: { type: 'string', enum: ['TCP', 'MySQL'] },
                    port: { type: 'integer', minimum: 1, maximum: 65535 },
                    secretRef: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                    tls: {
                      type: 'object',
                      properties: {
                        caSecretRef: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                      },
                    },
                  },
                },
                replication: {
                  type: 'object',
                  required: ['source', 'maximumAge'],
                  properties: {
                    source: { type: 'string', enum: ['CloudWatch', 'SQL'] },
                    maximumAge: { type: 'string', pattern: DURATION },
                    secretRef: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                    tls: {
                      type: 'object',
                      properties: {
                        caSecretRef: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                      },
                    },
                  },
                },
                http: { type: 'object', required: ['url'], properties: { url: { type: 'string' } } },
              },
            },
          },
        },
        failover: {
          type: 'object',
          required: ['mode', 'dataLoss', 'estimate', 'maximumLagAge', 'cooldown', 'timeout', 'priority'],
          properties: {
            mode: { type: 'string', enum: ['Automatic', 'Manual'] },
            dataLoss: { type: 'string', enum: ['Forbid', 'WithinRecoveryPoint', 'Allow'] },
            estimate: { type: 'string', enum: ['LastKnown', 'WorstCase'] },
            maximumLagAge: { type: 'string', pattern: DURATION },
            cooldown: { type: 'string', pattern: DURATION },
            timeout: { type: 'string', pattern: DURATION },
            priority: { type: 'integer', minimum: 0, maximum: 1000 },
            inRegionRecoveryLimit: { type: 'string', pattern: DURATION },
          },
        },
        failback: {
          type: 'object',
          required: ['mode', 'stabilization'],
          properties: {
            mode: { type: 'string', enum: ['Manual', 'Automatic'] },
            stabilization: { type: 'string', pattern: DURATION },
            windows: {
              type: 'array',
              items: {
                type: 'object',
                required: ['schedule', 'duration', 'timeZone'],
                properties: {
                  schedule: { type: 'string' },
                  duration: { type: 'string', pattern: DURATION },
                  timeZone: { type: 'string' },
                },
              },
            },
          },
        },
        fencing: {
          type: 'object',
          required: ['mode'],
          properties: { mode: { type: 'string', enum: ['None', 'BestEffort', 'Required'] } },
        },
        publish: {
          type: 'object',
          properties: {
            service: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
            configMap: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
            routing: {
              type: 'object',
              required: ['namespace', 'metric'],
              properties: { namespace: { type: 'string' }, metric: { type: 'string' } },
            },
          },
        },
        notifications: { type: 'object', properties: { snsTopicArns: { type: 'array', items: { type: 'string' } } } },
        drill: {
          type: 'object',
          required: ['mode', 'timeZone', 'maximumAge'],
          properties: {
            mode: { type: 'string', enum: ['Simulate', 'Switchover'] },
            schedule: { type: 'string' },
            timeZone: { type: 'string' },
            maximumAge: { type: 'string', pattern: DURATION },
          },
        },
        crossplane: {
          type: 'object',
          required: ['mode'],
          properties: { mode: { type: 'string', enum: ['Auto', 'Off'] } },
        },
        suspend: { type: 'boolean' },
      },
    },
    status: {
      type: 'object',
      properties: {
        observedGeneration: { type: 'integer', minimum: 0 },
        phase: {
          type: 'string',
          enum: [
            'Pending',
            'Protected',
            'Degraded',
            'Suspect',
            'FailingOver',
            'SwitchingOver',
            'Unprotected',
            'Suspended',
          ],
        },
        primaryRegion: { type: 'string' },
        writerEndpoint: { type: 'string' },
        lag: { type: 'string' },
        detectionWindow: { type: 'string' },
        regions: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name', 'clusterIdentifier', 'role', 'health', 'promotable'],
            properties: {
              name: { type: 'string' },
              clusterIdentifier: { type: 'string' },
              clusterArn: { type: 'string' },
              endpoint: { type: 'string' },
              role: { type: 'string', enum: ['Primary', 'Secondary', 'Missing'] },
              health: { type: 'string', enum: ['Healthy', 'Unhealthy', 'Unknown'] },
              engineVersion: { type: 'string' },
              synchronizationStatus: { type: 'string' },
              replicationLagMilliseconds: { type: 'integer', minimum: 0 },
              lagSampleTime: { type: 'string', format: 'date-time' },
              clusterStatus: { type: 'string' },
              port: { type: 'integer', minimum: 1, maximum: 65535 },
              endpointLastPassed: { type: 'string', format: 'date-time' },
              promotable: { type: 'boolean' },
              reason: { type: 'string' },
            },
          },
        },
        signals: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name', 'vantage', 'state', 'since'],
            properties: {
              name: { type: 'string', enum: ['controlPlane', 'endpoint', 'replication', 'http'] },
              vantage: { type: 'string', enum: ['direct', 'secondary', 'witness'] },
              state: { type: 'string', enum: ['Passing', 'Failing', 'Unknown'] },
              since: { type: 'string', format: 'date-time' },
              lastPassed: { type: 'string', format: 'date-time' },
              primary: { type: 'string' },
              configuration: { type: 'string' },
              reason: { type: 'string' },
              message: { type: 'string' },
            },
          },
        },
        incident: {
          type: 'object',
          required: ['startedAt'],
          properties: {
            startedAt: { type: 'string', format: 'date-time' },
            reason: { type: 'string' },
            message: { type: 'string' },
          },
        },
        operation: {
          type: 'object',
          required: [
            'id',
            'type',
            'trigger',
            'from',
            'to',
            'step',
            'dataLossAllowed',
            'startedAt',
            'attempts',
            'fence',
          ],
          properties: {
            id: { type: 'string' },
            type: { type: 'string', enum: ['Failover', 'Switchover'] },
            trigger: { type: 'string', enum: ['Automatic', 'Annotation', 'Failback', 'Drill', 'External'] },
            from: { type: 'string' },
            to: { type: 'string' },
            step: {
              type: 'string',
              enum: ['Accepted', 'Requested', 'Unconfirmed', 'Promoting', 'Promoted', 'Published'],
            },
            dataLossAllowed: { type: 'boolean' },
            startedAt: { type: 'string', format: 'date-time' },
            detectedAt: { type: 'string', format: 'date-time' },
            calledAt: { type: 'string', format: 'date-time' },
            promotedAt: { type: 'string', format: 'date-time' },
            publishedAt: { type: 'string', format: 'date-time' },
            estimatedDataLossMilliseconds: { type: 'integer', minimum: 0 },
            worstCaseDataLossMilliseconds: { type: 'integer', minimum: 0 },
            attempts: { type: 'integer', minimum: 0 },
            fence: { type: 'string', enum: ['Unknown', 'Succeeded', 'TimedOut'] },
            fenceTime: { type: 'string', format: 'date-time' },
            requestId: { type: 'string' },
            fromClusterArn: { type: 'string' },
            targetClusterArn: { type: 'string' },
            acceptedBy: { type: 'string' },
            message: { type: 'string' },
          },
        },
        lastRequest: {
          type: 'object',
          required: ['action', 'observedAt', 'result'],
          properties: {
            action: {
              type: 'string',
              enum: ['force-failover', 'failback', 'drill', 'acknowledge', 'confirm-fenced', 'accept-data-loss'],
            },
            value: { type: 'string' },
            forceType: { type: 'string' },
            acceptDataLoss: { type: 'boolean' },
            observedAt: { type: 'string', format: 'date-time' },
            result: { type: 'string', enum: ['Accepted', 'Refused'] },
            reason: { type: 'string' },
            message: { type: 'string' },
            annotationsRemoved: { type: 'boolean' },
            operationId: { type: 'string' },
          },
        },
        published: {
          type: 'object',
          required: ['writerEndpoint', 'at'],
          properties: {
            service: { type: 'string' },
            configMap: { type: 'string' },
            writerEndpoint: { type: 'string' },
            primaryRegion: { type: 'string' },
            at: { type: 'string', format: 'date-time' },
          },
        },
        splitBrain: {
          type: 'object',
          required: ['region', 'clusterIdentifier', 'since'],
          properties: {
            region: { type: 'string' },
            clusterIdentifier: { type: 'string' },
            since: { type: 'string', format: 'date-time' },
            operationId: { type: 'string' },
            fence: { type: 'string', enum: ['Unknown', 'Succeeded', 'TimedOut'] },
            message: { type: 'string' },
          },
        },
        cooldownUntil: { type: 'string', format: 'date-time' },
        history: {
          type: 'array',
          items: {
            type: 'object',
            required: ['id', 'type', 'trigger', 'from', 'to', 'outcome', 'startedAt', 'completedAt'],
            properties: {
              id: { type: 'string' },
              type: { type: 'string', enum: ['Failover', 'Switchover'] },
              trigger: { type: 'string', enum: ['Automatic', 'Annotation', 'Failback', 'Drill', 'External'] },
              from: { type: 'string' },
              to: { type: 'string' },
              outcome: { type: 'string', enum: ['Succeeded', 'Failed', 'TimedOut', 'Cancelled'] },
              reason: { type: 'string' },
              detectedAt: { type: 'string', format: 'date-time' },
              startedAt: { type: 'string', format: 'date-time' },
              promotedAt: { type: 'string', format: 'date-time' },
              publishedAt: { type: 'string', format: 'date-time' },
              completedAt: { type: 'string', format: 'date-time' },
              recoveryTimeMilliseconds: { type: 'integer', minimum: 0 },
              estimatedDataLossMilliseconds: { type: 'integer', minimum: 0 },
              worstCaseDataLossMilliseconds: { type: 'integer', minimum: 0 },
              message: { type: 'string' },
            },
          },
        },
        conditions: {
          type: 'array',
          items: {
            type: 'object',
            required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
            properties: {
              type: { type: 'string' },
              status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
              observedGeneration: { type: 'integer', minimum: 0 },
              lastTransitionTime: { type: 'string', format: 'date-time' },
              reason: { type: 'string' },
              message: { type: 'string' },
            },
          },
        },
      },
    },
  },
};
