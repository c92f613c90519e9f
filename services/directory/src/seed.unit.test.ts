import { describe, expect, it } from 'vitest';
import { checkSeedFile, seedEntries } from './seed.ts';

describe('a seed file', () => {
  it('goes over what ships', () => {
    const busy = seedEntries({ dispositions: [{ id: 7, name: 'Ocupado!' }] }).filter(({ kind, id }) => kind === 'disposition' && id === 7);
    expect(busy).toEqual([{ kind: 'disposition', id: 7, entry: { id: 7, name: 'Ocupado!', finishing: false, reschedules: false, success: false, intermediate: false } }]);
  });

  it('puts settings last', () => {
    expect(seedEntries({ settings: { timeZone: 'America/Manaus' } }).at(-1)).toMatchObject({ kind: 'settings', id: 1, entry: { timeZone: 'America/Manaus' } });
  });

  it('names ids that are there twice', () => {
    const queues = [
      { id: 1, name: 'a', members: [], numbers: [] },
      { id: 1, name: 'b', members: [], numbers: [] },
    ];
    expect(checkSeedFile({ queues })).toEqual([{ path: ['queues', 1, 'id'], message: 'queue 1 is there twice: give one of them another id' }]);
  });

  it('names references to nothing with their place', () => {
    expect(checkSeedFile({ queues: [{ id: 1, name: 'a', members: [{ agentId: 5 }], numbers: [] }] })).toEqual([
      { path: ['queues', 0, 'members', 0, 'agentId'], message: 'there is no agent 5' },
    ]);
  });

  it('refuses a period that ends before it begins', () => {
    const callWindows = [{ id: 2, name: 'night', periods: [{ days: [1], from: '22:00', to: '06:00' }], timeZones: { '92': 'America/Nowhere' } }];
    expect(checkSeedFile({ callWindows }).map(({ path }) => path.join('.'))).toEqual(['callWindows.0.periods.0.to', 'callWindows.0.timeZones.92']);
  });

  it('refuses a trunk that registers without credentials', () => {
    expect(checkSeedFile({ trunks: [{ id: 1, name: 't', host: 'h', register: true }] })[0]?.message).toBe('a trunk that registers needs username and password');
  });
});
