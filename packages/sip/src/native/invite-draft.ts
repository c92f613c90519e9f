import type { DialogIds, DialogSnapshot, OutgoingInvite, SipAddress } from '../port.ts';
import { newBranch, newTag } from '../wire/ids.ts';
import { fromBytes, quoted, toBytes } from '../wire/text.ts';
import { escapeUser } from '../wire/uri.ts';
import type { RequestDraft } from '../wire/write.ts';
import type { Core } from './core.ts';
import { destinationOf } from './dialog.ts';

type Asked = Omit<OutgoingInvite, 'events'>;

const NOWHERE: SipAddress = { host: '', port: 0, transport: 'udp' };

export function idsOf(request: Asked): DialogIds {
  return request.dialogIds ?? { localTag: newTag(), inviteBranch: newBranch() };
}

/** Undefined when the request's URI is none that we can reach. */
export function hopOfInvite(request: Asked): SipAddress | undefined {
  return request.destination ?? destinationOf(request.uri, request.transport);
}

/** An attempt's first INVITE. */
export function firstInvite(core: Core, request: Asked, ids: DialogIds, headers: string): RequestDraft {
  const { from } = request;
  const name = from.displayName === undefined ? '' : `${quoted(from.displayName)} `;
  const uri = toBytes(request.uri);
  const host = from.host === undefined ? core.transports.hostOf() : toBytes(from.host);
  return {
    method: 'INVITE',
    uri,
    branch: ids.inviteBranch,
    from: `${name}<sip:${escapeUser(from.user)}@${host}>;tag=${ids.localTag}`,
    to: `<${request.toUri === undefined ? uri : toBytes(request.toUri)}>`,
    callId: toBytes(request.sipCallId),
    cseq: 1,
    routes: [],
    headers,
    body: request.body === undefined ? '' : toBytes(request.body),
  };
}

/** The dialog of an INVITE without a final answer. */
export function callingSnapshot(core: Core, draft: RequestDraft, localTag: string, destination: SipAddress): DialogSnapshot {
  return {
    state: 'calling',
    sipCallId: fromBytes(draft.callId),
    localTag,
    localUri: fromBytes(draft.from),
    remoteUri: fromBytes(draft.to),
    remoteTarget: fromBytes(draft.uri),
    routeSet: [],
    localCSeq: draft.cseq,
    inviteBranch: draft.branch,
    via: core.transports.viaOf(destination.transport),
    destination: { ...destination },
  };
}

export function snapshotOf(core: Core, request: Asked): DialogSnapshot {
  const ids = idsOf(request);
  return callingSnapshot(core, firstInvite(core, request, ids, ''), ids.localTag, hopOfInvite(request) ?? NOWHERE);
}
