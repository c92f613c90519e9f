import type { CallPlan } from './plan.ts';

/**
 * SIPp's side of a run. SIPp wants final codes written out (it reads them when it loads the file), so the scenario has one branch for each code of
 * the profile; everything else of a call comes from a line of its CSV file.
 */

const phrases: Readonly<Record<number, string>> = {
  302: 'Moved Temporarily', 400: 'Bad Request', 401: 'Unauthorized', 402: 'Payment Required', 403: 'Forbidden', 404: 'Not Found', 407: 'Proxy Authentication Required',
  408: 'Request Timeout', 410: 'Gone', 480: 'Temporarily Unavailable', 484: 'Address Incomplete', 486: 'Busy Here', 487: 'Request Terminated', 488: 'Not Acceptable Here',
  500: 'Server Internal Error', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Server Time-out', 600: 'Busy Everywhere', 603: 'Decline', 604: 'Does Not Exist Anywhere',
  607: 'Unwanted', 608: 'Rejected',
};

/** What a caller may meet; anything else ends the call as unexpected, acknowledged by SIPp itself. */
const refusals = [302, 400, 402, 403, 404, 408, 410, 480, 484, 486, 487, 488, 500, 502, 503, 504, 600, 603, 604, 607, 608];
const progressCode: Readonly<Record<CallPlan['progress'], number>> = { none: 0, ringing: 1, 'early-media': 2 };
const silentBranch = 0;
const answerBranch = 1;
/** SIPp's pause of somebody who waits to be hung up on. A call is never longer. */
const longestTalkMs = 3_600_000;
/** A call that is over still answers what comes again because our answer was lost (RFC 3261 17.2: timer J, for a while). */
const lingering = '  <timewait milliseconds="8000" />\n';

const branchOf = (end: CallPlan['end'], codes: readonly number[]): number => (end === 'silent' ? silentBranch : end === 'answers' ? answerBranch : 2 + codes.indexOf(end));

export const codesOf = (plans: readonly CallPlan[]): readonly number[] => [...new Set(plans.flatMap(({ end }) => (typeof end === 'number' ? [end] : [])))].sort((a, b) => a - b);

/** The CSV of a far end that is called. SIPp begins again at the top when it is through. */
export function calleeCsv(plans: readonly CallPlan[], codes: readonly number[]): string {
  const lines = plans.map((plan) =>
    [plan.postDialDelayMs, progressCode[plan.progress], plan.afterMs, branchOf(plan.end, codes), plan.talkMs ?? longestTalkMs, plan.cause ?? 0].join(';'),
  );
  return `SEQUENTIAL\n${lines.join('\n')}\n`;
}

const sdp = `
      v=0
      o=sipp 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8 0
      a=rtpmap:8 PCMA/8000
      a=rtpmap:0 PCMU/8000`;

const block = (text: string, attributes = ''): string => `  <send${attributes}>\n    <![CDATA[\n\n${text}\n\n    ]]>\n  </send>\n`;

interface ResponseOptions {
  readonly body?: boolean;
  readonly resent?: boolean;
  readonly headers?: string;
  /** To an INVITE, whatever came last. */
  readonly toInvite?: boolean;
  /** To a request within the dialog: its To has our tag already. */
  readonly tagged?: boolean;
}

function response(status: string, { body = false, resent = false, headers = '', toInvite = false, tagged = false }: ResponseOptions = {}): string {
  const lines = [
    `      SIP/2.0 ${status}`,
    toInvite ? '      Via: [$via]' : '      [last_Via:]',
    '      [last_From:]',
    tagged ? '      [last_To:]' : '      [last_To:];tag=[pid]load[call_number]',
    '      [last_Call-ID:]',
    toInvite ? '      CSeq: [$cseq] INVITE' : '      [last_CSeq:]',
    '      Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>',
    ...(headers === '' ? [] : [`      ${headers}`]),
    ...(body ? ['      Content-Type: application/sdp', `      Content-Length: [len]\n${sdp}`] : ['      Content-Length: 0']),
  ];
  return block(lines.join('\n'), resent ? ' retrans="500"' : '');
}

const nop = (condition: string, next: string): string => `  <nop next="${next}" test="${condition}" />\n`;
const label = (id: string): string => `  <label id="${id}" />\n`;
const jump = (next: string): string => `  <nop next="${next}" />\n`;
const number = (name: string, field: number): string =>
  `      <assignstr assign_to="text" value="[field${field}]" />\n      <todouble assign_to="${name}" variable="text" />\n`;
const isEqual = (name: string, variable: string, value: number): string => `      <test assign_to="${name}" variable="${variable}" compare="equal" value="${value}" />\n`;

/** A carrier with people behind its numbers. `optional="global"` takes CANCEL and BYE at any moment, also within a pause. */
export function calleeScenario(codes: readonly number[]): string {
  const branches = codes.map((code, index) => ({ code, id: `code${code}`, is: `is${code}`, value: index + 2 }));
  const parts = [
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="load-callee">\n',
    '  <recv request="CANCEL" optional="global" next="cancelled" />\n',
    '  <recv request="BYE" optional="global" next="bye" />\n',
    '  <recv request="INVITE" rrs="true">\n    <action>\n',
    '      <ereg regexp=".*" search_in="hdr" header="Via:" check_it="true" assign_to="via" />\n',
    '      <ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq" />\n',
    number('delay', 0), number('progress', 1), number('after', 2), number('end', 3), number('talk', 4),
    isEqual('rings', 'progress', 1), isEqual('early', 'progress', 2), isEqual('isSilent', 'end', silentBranch),
    // SIPp refuses a variable that nothing reads: who refuses nobody gives no cause.
    ...(codes.length === 0 ? [] : [number('cause', 5), isEqual('noCause', 'cause', 0)]),
    ...branches.map(({ is, value }) => isEqual(is, 'end', value)),
    '    </action>\n  </recv>\n',
    nop('isSilent', 'silent'),
    response('100 Trying', { tagged: true }),
    '  <pause variable="delay" />\n',
    nop('rings', 'ringing'), nop('early', 'early'), jump('after'),
    label('ringing'), response('180 Ringing', { toInvite: true }), jump('after'),
    label('early'), response('183 Session Progress', { toInvite: true, body: true }),
    label('after'), '  <pause variable="after" />\n',
    ...branches.map(({ is, id }) => nop(is, id)),
    response('200 OK', { toInvite: true, body: true, resent: true }),
    '  <recv request="ACK" />\n  <pause variable="talk" />\n',
    block(
      [
        '      BYE [next_url] SIP/2.0', '      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]', '      From: [$to];tag=[pid]load[call_number]', '      To: [$from]',
        '      Call-ID: [call_id]', '      CSeq: 1 BYE', '      Max-Forwards: 70', '      Content-Length: 0',
      ].join('\n'),
      ' retrans="500"',
    ),
    '  <recv response="200" next="over" />\n',
    ...branches.flatMap(({ code, id }) => {
      const status = `${code} ${phrases[code] ?? 'Refused'}`;
      const refuse = (headers?: string): string => response(status, { toInvite: true, resent: true, ...(headers === undefined ? {} : { headers }) });
      return [label(id), nop('noCause', `${id}bare`), refuse('Reason: Q.850;cause=[field5]'), '  <recv request="ACK" next="over" />\n', label(`${id}bare`), refuse(), '  <recv request="ACK" next="over" />\n'];
    }),
    label('cancelled'), response('200 OK', { tagged: true }), response('487 Request Terminated', { toInvite: true, resent: true }), '  <recv request="ACK" next="over" />\n',
    // Nobody there: the INVITE is left to its timer B, or to a CANCEL that is not answered either.
    label('silent'), '  <pause milliseconds="33000" />\n', jump('over'),
    label('bye'), response('200 OK', { tagged: true }),
    label('over'), lingering, '</scenario>\n',
  ];
  // From and To of the BYE are those of the INVITE, the other way round.
  const dialog = ['from', 'to'].map((name) => `      <ereg regexp=".*" search_in="hdr" header="${name === 'from' ? 'From' : 'To'}:" check_it="true" assign_to="${name}" />\n`).join('');
  return parts.join('').replace('      <assignstr', `${dialog}      <assignstr`);
}

export interface CallerLine {
  readonly to: string;
  readonly from: string;
  readonly talkMs: number;
}

export interface CallerCredentials {
  readonly username: string;
  readonly password: string;
}

/** The credentials travel in the file and not on the command line, where every user of the machine could read them. */
export function callerCsv(lines: readonly CallerLine[], credentials?: CallerCredentials): string {
  const auth = credentials === undefined ? 'none' : `[authentication username=${credentials.username} password=${credentials.password}]`;
  return `SEQUENTIAL\n${lines.map(({ to, from, talkMs }) => `${to};${from};${Math.round(talkMs)};${auth}`).join('\n')}\n`;
}

/** Calls a trunk: the qualification of a carrier, or people who call in. */
export function callerScenario({ patienceMs, withCredentials }: { readonly patienceMs: number; readonly withCredentials: boolean }): string {
  // A CANCEL and a refusal's ACK have the branch of their INVITE (RFC 3261 9.1, 17.1.1.3), so it is made here and not by SIPp.
  const inviteVia = (cseq: number | string): string => `      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-load-[pid]-[call_number]-${cseq}`;
  const request = (method: string, cseq: string, extra: readonly string[], body: boolean): string =>
    [
      `      ${method} ${method === 'INVITE' || method === 'CANCEL' ? 'sip:[field0]@[remote_ip]:[remote_port]' : '[next_url]'} SIP/2.0`,
      method === 'INVITE' || method === 'CANCEL' ? inviteVia(cseq) : '      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
      '      From: <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]load[call_number]',
      `      To: <sip:[field0]@[remote_ip]:[remote_port]>${method === 'INVITE' || method === 'CANCEL' ? '' : '[peer_tag_param]'}`,
      '      Call-ID: [call_id]', `      CSeq: ${cseq} ${method}`, '      Max-Forwards: 70', '      User-Agent: Ritmo load test',
      ...(method === 'INVITE' || method === 'CANCEL' ? [] : ['      [routes]']),
      ...extra.map((line) => `      ${line}`),
      ...(body ? ['      Content-Type: application/sdp', `      Content-Length: [len]\n${sdp}`] : ['      Content-Length: 0']),
    ].join('\n');
  const contact = 'Contact: <sip:[field1]@[local_ip]:[local_port];transport=[transport]>';
  const outcome = (cseq: number): string =>
    [
      '  <recv response="100" optional="true" />\n  <recv response="180" optional="true" />\n  <recv response="183" optional="true" />\n',
      ...refusals.map((code) => `  <recv response="${code}" optional="true" next="refused${cseq}" />\n`),
      ...(cseq === 1 && withCredentials ? [401, 407].map((code) => `  <recv response="${code}" auth="true" optional="true" next="challenged" />\n`) : [401, 407].map((code) => `  <recv response="${code}" optional="true" next="refused${cseq}" />\n`)),
      `  <recv response="200" timeout="${patienceMs}" ontimeout="givesUp${cseq}" rrs="true" />\n`,
      block(request('ACK', String(cseq), [], false)), jump('talking'),
      label(`refused${cseq}`), ack(cseq), jump('over'),
      label(`givesUp${cseq}`), block(request('CANCEL', String(cseq), [], false), ' retrans="500"'),
      `  <recv response="200" />\n  <recv response="487" timeout="5000" ontimeout="over" />\n`, ack(cseq), jump('over'),
    ].join('');
  const ack = (cseq: number): string =>
    block(
      [
        '      ACK sip:[field0]@[remote_ip]:[remote_port] SIP/2.0', inviteVia(cseq), '      [last_From:]', '      [last_To:]', '      Call-ID: [call_id]',
        `      CSeq: ${cseq} ACK`, '      Max-Forwards: 70', '      Content-Length: 0',
      ].join('\n'),
    );
  return [
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="load-caller">\n',
    `  <nop>\n    <action>\n${number('talk', 2)}    </action>\n  </nop>\n`,
    block(request('INVITE', '1', [contact], true), ' retrans="500"'),
    '  <recv request="BYE" optional="global" next="bye" />\n',
    outcome(1),
    ...(withCredentials ? [label('challenged'), ack(1), block(request('INVITE', '2', [contact, '[field3]'], true), ' retrans="500"'), outcome(2)] : []),
    label('talking'), '  <pause variable="talk" />\n',
    block(request('BYE', '3', [], false), ' retrans="500"'), '  <recv response="200" next="over" />\n',
    label('bye'), response('200 OK', { tagged: true }),
    label('over'), lingering, '</scenario>\n',
  ].join('');
}
