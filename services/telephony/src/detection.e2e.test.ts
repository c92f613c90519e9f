/** Detection's word on who answered, over real SIP: a person waits for it, a machine is hung up, and silence is taken for a person. */
import { fact, streams, type CallId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { House, over } from './test/house.ts';

const detectionMs = 1_500;

let house: House;
beforeAll(async () => {
  house = await House.open();
  house.rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1, graceClock: 'detection-end', detectionMs });
});
afterAll(() => house.close());
beforeEach(() => house.begin());
afterEach(() => house.isEmpty());

async function answered() {
  const callId = await house.rig.originate('11988887777');
  const customer = await house.carrier.invite();
  await customer.answer();
  const { at } = await waitFor(async () => (await house.rig.events.readStream(streams.call(callId))).find(({ type }) => type === 'CallAnswered'), { what: 'the answer' });
  return { callId, customer, answeredAt: at };
}

const says = (callId: CallId, verdict: 'person' | 'machine') =>
  house.rig.context.journal.commit(streams.call(callId), 'any', [fact('AnswerClassified', Date.now(), { callId, campaignId: null, verdict, detectMs: 0 })]);

const noPhoneRang = () => expect([house.ana.calls.length, house.rig.of('OfferMade')]).toEqual([0, []]);

test('a person reaches the agent when it has spoken, and not before', async () => {
  const { callId, customer } = await answered();
  noPhoneRang();
  await says(callId, 'person');
  const agent = await house.ana.invite();
  await agent.answer();
  await house.rig.fact('CallDelivered', callId);
  customer.bye();
  await over(agent, 'BYE to the agent');
});

test('a machine is hung up, no phone rings for it, and nobody has abandoned it', async () => {
  const { callId, customer } = await answered();
  await says(callId, 'machine');
  await over(customer, 'BYE to the machine');
  expect(await house.rig.fact('CallEnded', callId)).toMatchObject({ by: 'system', wireOutcome: 'answered', reason: 'a machine answered' });
  noPhoneRang();
  expect(house.rig.of('CallAbandoned', callId)).toEqual([]);
});

test('who is not spoken of in time is a person', async () => {
  const { callId, customer, answeredAt } = await answered();
  const agent = await house.ana.invite();
  expect(Date.now() - answeredAt).toBeGreaterThanOrEqual(detectionMs - 20);
  expect(house.rig.of('AnswerClassified', callId)).toMatchObject([{ verdict: 'person' }]);
  await agent.answer();
  await house.rig.fact('CallDelivered', callId);
  customer.bye();
  await over(agent, 'BYE to the agent');
});

test('a machine that was taken for a person is hung up before the agent picks up', async () => {
  house.rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1, graceClock: 'answer' });
  const { callId, customer } = await answered();
  const agent = await house.ana.invite();
  await says(callId, 'machine');
  await Promise.all([over(customer, 'BYE to the machine'), over(agent, 'CANCEL to the agent')]);
  expect(house.rig.of('CallAbandoned', callId)).toEqual([]);
});
