import { describe, expect, it } from '@jest/globals';
import { aRecordedLoss } from '../testing/a-recorded-loss.ts';
import { aHistoryEntry, aWatchedPolicy, NOW_MILLISECONDS } from '../testing/a-watched-policy.ts';
import { readDecisions } from './decision-lines.ts';
import { htmlReport } from './html-report.ts';
import { incidentOf, type Incident } from './incident.ts';
import { markdownReport } from './markdown-report.ts';
import { timelineSvg } from './timeline-svg.ts';

const EVIL = '<script>alert("x")</script> | [a](javascript:b) `c` *d*';

function anIncident(entry: Partial<ReturnType<typeof aHistoryEntry>> = {}): Incident {
  return incidentOf({
    policy: aWatchedPolicy({ status: { primaryRegion: 'us-west-2', history: [aHistoryEntry(entry)] } }),
    operationId: aHistoryEntry().id,
    events: [
      {
        firstAt: aHistoryEntry().startedAt,
        lastAt: aHistoryEntry().startedAt,
        count: 1,
        isWarning: true,
        reason: 'PrimaryUnhealthy',
        note: EVIL,
      },
    ],
    decisions: aRecordedLoss(),
    now: NOW_MILLISECONDS,
  });
}

describe('timelineSvg', () => {
  it('has a bar for every phase and span, a badge for every milestone, and says it all in words too', () => {
    const svg = timelineSvg(anIncident());
    for (const title of ['detection 40 s', 'promotion 59 s', 'controlPlane Failing', 'http Passing', 'us-west-2']) {
      expect(svg).toContain(`<title>${title}</title>`);
    }
    expect(svg.match(/<circle/g)).toHaveLength(6 * 2);
    expect(svg).toContain('<desc>2026-11-30T13:58:00.000Z first failing round');
    expect(svg).toContain('>+1 min 40 s<');
  });

  it('keeps everything within the picture', () => {
    const svg = timelineSvg(anIncident());
    const xs = Array.from(svg.matchAll(/ (?:x|cx|x1)="([\d.-]+)"/g), ([, x]) => Number(x));
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...xs)).toBeLessThanOrEqual(960);
  });

  it('given regions whose names are mark-up, draws them as text', () => {
    const svg = timelineSvg(anIncident({ to: '<b>&' }));
    expect(svg).toContain('&lt;b&gt;&amp;');
    expect(svg).not.toContain('<b>');
  });
});

describe('markdownReport', () => {
  it('tells what happened in sentences, then in figures', () => {
    const text = markdownReport(anIncident(), '![Timeline](x.svg)');
    expect(text).toContain('# Failover of payments/orders: us-east-1 → us-west-2');
    expect(text).toContain(
      'From 2026-11-30 13:58:00Z the primary in us-east-1 was not seen serving. After 40 s of observation the operator ' +
        'recorded a Failover to us-west-2 (by the operator, for a confirmed loss). 1 min 40 s after the first failing ' +
        'round the new writer was proven to serve, and clients were sent to it. Estimated loss of data: 120 ms, at worst 1.4 s.',
    );
    expect(text).toContain('| detection | 40 s | 40 % |');
    expect(text).toContain('![Timeline](x.svg)');
    expect(text).toContain('controlPlane (direct) Failing');
    expect(text).toContain('by `operator_a`:');
    expect(text).toContain('| published as | Service orders-writer, ConfigMap orders-writer |');
    expect(text).toContain('To fill in');
  });

  it('given what is kept of an old primary, names the snapshot', () => {
    const { id } = aHistoryEntry();
    const policy = aWatchedPolicy({
      status: {
        history: [aHistoryEntry()],
        splitBrain: {
          region: 'us-east-1',
          clusterIdentifier: 'orders',
          since: aHistoryEntry().startedAt,
          operationId: id,
        },
        rescueSnapshots: [
          {
            operationId: id,
            region: 'us-east-1',
            clusterIdentifier: 'orders',
            since: aHistoryEntry().startedAt,
            state: 'Kept',
            source: 'rds:unplanned_1',
            snapshot: 'aurora-dr_1',
          },
        ],
      },
    });
    const incident = incidentOf({ policy, operationId: id, events: [], decisions: [], now: NOW_MILLISECONDS });
    const text = markdownReport(incident, '');
    expect(text).toContain('**Outstanding**: us-east-1/orders, fence Unknown');
    expect(text).toContain('us-east-1: Kept, `rds:unplanned_1`, copied to `aurora-dr_1`.');
  });

  it('given a failed switchover, says how it ended and that nothing was lost', () => {
    const {
      recoveryTimeMilliseconds: _none,
      promotedAt: _never,
      publishedAt: _not,
      ...entry
    } = aHistoryEntry({
      type: 'Switchover',
      outcome: 'Failed',
      reason: 'CancelledByAws',
      message: 'the lag did not drain',
    });
    const policy = aWatchedPolicy({ status: { history: [entry] } });
    const incident = incidentOf({ policy, operationId: entry.id, events: [], decisions: [], now: NOW_MILLISECONDS });
    const text = markdownReport(incident, '');
    expect(text).toContain('It ended Failed (CancelledByAws): the lag did not drain. Nothing was lost.');
    expect(text).not.toContain('The old primary');
  });

  it('given mark-up in what others say, shows it as it is', () => {
    const text = markdownReport(anIncident(), '');
    expect(text).not.toContain('<script>');
    expect(text).toContain('\\[a\\](javascript:b) \\`c\\` \\*d\\*');
  });
});

describe('htmlReport', () => {
  it('is one file with the picture in it, and runs nothing that others say', () => {
    const html = htmlReport(anIncident());
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain('<svg xmlns=');
    expect(html).not.toContain('PICTURE-OF-THE-TIMELINE');
    expect(html).not.toMatch(/<script|href="javascript|src=/);
    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; | [a](javascript:b) `c` *d*');
    expect(html).toContain('<table class="timeline">');
  });
});

describe('readDecisions', () => {
  it('leaves out a last line that broke off, and names others that are no records', () => {
    const [first, second] = aRecordedLoss().map((decision) => JSON.stringify(decision));
    const { decisions, badLines } = readDecisions(
      [first, '{"v":99,"kind":"Round"}', 'nonsense', second, '{"v":1,'].join('\n'),
    );
    expect(decisions.map(({ n }) => n)).toEqual([1, 2]);
    expect(badLines).toEqual([2, 3]);
  });
});
