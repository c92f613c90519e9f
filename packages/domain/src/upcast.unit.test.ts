import { describe, expect, it } from 'vitest';
import { UnknownSchemaError, upcast } from './upcast.ts';

const upcasters = { Moved: { 1: (data: object) => ({ ...data, room: 'hall' }), 2: (data: object) => ({ ...data, floor: 0 }) } };

describe('upcast', () => {
  it('takes an old fact to the present shape, version by version', () => {
    expect(upcast({ type: 'Moved', schema: 1, data: { to: 'x' }, at: 5 }, { Moved: 3 }, upcasters)).toEqual({ type: 'Moved', at: 5, data: { to: 'x', room: 'hall', floor: 0 } });
    expect(upcast({ type: 'Moved', schema: 2, data: { to: 'x', room: 'y' }, at: 5 }, { Moved: 3 }, upcasters).data).toEqual({ to: 'x', room: 'y', floor: 0 });
  });

  it('leaves a present fact as it is', () => {
    const data = { campaignId: 1 };
    expect(upcast({ type: 'CampaignActivated', schema: 1, data, at: 5 }).data).toBe(data);
  });

  it('refuses a fact of a newer version, and one that no upcaster knows', () => {
    expect(() => upcast({ type: 'CampaignActivated', schema: 2, data: {}, at: 5 })).toThrow(UnknownSchemaError);
    expect(() => upcast({ type: 'Moved', schema: 1, data: {}, at: 5 }, { Moved: 2 }, {})).toThrow(UnknownSchemaError);
  });
});
