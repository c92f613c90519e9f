/**
 * A KurrentDB at the level of the wire, for tests: a gRPC server on the service definitions that the client ships, with the
 * store in memory. It knows what our adapter uses: Streams.BatchAppend, Streams.Append, Streams.Read of a stream and of all,
 * forwards and backwards, filtered by event type, as a page and as a subscription.
 */
import { Server, ServerCredentials, status, type ServerDuplexStream, type ServerReadableStream, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import featuresGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import featuresPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import sharedPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statusPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streamsGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';

type ReadReq = InstanceType<typeof streamsPb.ReadReq>;
type ReadResp = InstanceType<typeof streamsPb.ReadResp>;
type BatchAppendReq = InstanceType<typeof streamsPb.BatchAppendReq>;
type BatchAppendResp = InstanceType<typeof streamsPb.BatchAppendResp>;
type Message = InstanceType<typeof streamsPb.BatchAppendReq.ProposedMessage>;
type BatchOptions = InstanceType<typeof streamsPb.BatchAppendReq.Options>;

interface Recorded {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly customMetadata: Uint8Array;
  readonly data: Uint8Array;
}

export interface WireDouble {
  readonly url: string;
  /** Appends under way at this moment, and the most there have been. */
  readonly appendsInFlight: { now: number; most: number };
  /** The next appends are stored, but their answers are lost with the connection. */
  loseAnswers(count: number): void;
  stop(): Promise<void>;
}

export async function startWireDouble(): Promise<WireDouble> {
  const log: Recorded[] = [];
  const streams = new Map<string, Recorded[]>();
  const live = new Set<() => void>();
  const appendsInFlight = { now: 0, most: 0 };
  let answersToLose = 0;

  function store(stream: string, messages: readonly Message[]): void {
    const events = streams.get(stream) ?? [];
    streams.set(stream, events);
    for (const message of messages) {
      const recorded: Recorded = {
        // Positions are offsets in a log: they grow by more than one.
        position: (log.at(-1)?.position ?? 0) + 137,
        stream,
        revision: events.length,
        id: message.getId()?.getString() ?? '',
        metadata: new Map(message.getMetadataMap().toArray() as [string, string][]),
        customMetadata: message.getCustomMetadata_asU8(),
        data: message.getData_asU8(),
      };
      events.push(recorded);
      log.push(recorded);
    }
    for (const wake of live) wake();
  }

  function answerTo(options: BatchOptions, messages: readonly Message[], correlationId: InstanceType<typeof sharedPb.UUID> | undefined): BatchAppendResp {
    const stream = Buffer.from(options.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');
    const events = streams.get(stream) ?? [];
    const current = events.length - 1;
    const response = new streamsPb.BatchAppendResp();
    response.setCorrelationId(correlationId);
    response.setStreamIdentifier(options.getStreamIdentifier());
    const expected = options.hasStreamPosition() ? Number(options.getStreamPosition()) : options.hasNoStream() ? -1 : undefined;
    const first = messages[0]?.getId()?.getString();
    const isRepeated = events.slice(-messages.length)[0]?.id === first;
    if (expected !== undefined && expected !== current && !isRepeated) {
      response.setError(wrongExpectedVersion(expected, current));
      return response;
    }
    if (!isRepeated) store(stream, messages);
    const last = (streams.get(stream) ?? []).at(-1);
    const success = new streamsPb.BatchAppendResp.Success();
    success.setCurrentRevision(String(last?.revision ?? 0));
    const position = new sharedPb.AllStreamPosition();
    position.setCommitPosition(String(last?.position ?? 0));
    position.setPreparePosition(String(last?.position ?? 0));
    success.setPosition(position);
    response.setSuccess(success);
    return response;
  }

  function batchAppend(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void {
    const open = new Map<string, { options: BatchOptions; messages: Message[] }>();
    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId()?.getString() ?? request.getCorrelationId()?.getStructured()?.getLeastSignificantBits() ?? '';
      const options = request.getOptions();
      if (options !== undefined) open.set(id, { options, messages: [] });
      const batch = open.get(id);
      if (batch === undefined) return;
      batch.messages.push(...request.getProposedMessagesList());
      if (!request.getIsFinal()) return;
      open.delete(id);
      appendsInFlight.now += 1;
      appendsInFlight.most = Math.max(appendsInFlight.most, appendsInFlight.now);
      // A turn later, as over a network: so that appends sent together are in flight together.
      setImmediate(() => {
        appendsInFlight.now -= 1;
        const response = answerTo(batch.options, batch.messages, request.getCorrelationId());
        if (answersToLose > 0) {
          answersToLose -= 1;
          call.emit('error', { code: status.UNAVAILABLE, details: 'the connection broke' });
          return;
        }
        call.write(response);
      });
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  }

  function read(call: ServerWritableStream<ReadReq, ReadResp>): void {
    const options = call.request.getOptions();
    if (options === undefined) return void call.end();
    const query = readQuery(options);
    if (query.stream !== undefined && !streams.has(query.stream)) {
      call.write(streamNotFound(query.stream));
      return void call.end();
    }
    const source = query.stream === undefined ? log : (streams.get(query.stream) ?? []);
    if (query.isSubscription) return follow(call, source, query);
    const ordered = query.backwards ? [...source].reverse() : source;
    const matching = ordered.filter((event) => query.isWanted(event)).slice(0, query.count);
    for (const event of matching) call.write(toResponse(event, query.structuredIds));
    call.end();
  }

  function follow(call: ServerWritableStream<ReadReq, ReadResp>, source: readonly Recorded[], query: ReadQuery): void {
    let next = query.fromEnd ? source.length : 0;
    const confirmation = new streamsPb.ReadResp();
    const confirmed = new streamsPb.ReadResp.SubscriptionConfirmation();
    confirmed.setSubscriptionId('1');
    confirmation.setConfirmation(confirmed);
    call.write(confirmation);
    const send = (): void => {
      for (; next < source.length; next += 1) {
        const event = source[next];
        if (event !== undefined && query.isWanted(event)) call.write(toResponse(event, query.structuredIds));
      }
    };
    live.add(send);
    const stop = (): void => void live.delete(send);
    call.on('cancelled', stop);
    call.on('close', stop);
    call.on('error', stop);
    send();
  }

  const server = new Server();
  server.addService(streamsGrpc.StreamsService as never, {
    batchAppend,
    read,
    append: (_call: ServerReadableStream<unknown, unknown>, done: sendUnaryData<unknown>) => done({ code: status.UNIMPLEMENTED }),
    delete: (_call: unknown, done: sendUnaryData<unknown>) => done({ code: status.UNIMPLEMENTED }),
    tombstone: (_call: unknown, done: sendUnaryData<unknown>) => done({ code: status.UNIMPLEMENTED }),
  } as never);
  server.addService(featuresGrpc.ServerFeaturesService as never, {
    getSupportedMethods: (_call: unknown, done: sendUnaryData<unknown>) => done(null, supportedMethods()),
  } as never);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return {
    url: `kurrentdb://127.0.0.1:${port}?tls=false`,
    appendsInFlight,
    loseAnswers: (count) => void (answersToLose = count),
    stop: async () => server.forceShutdown(),
  };
}

function supportedMethods(): InstanceType<typeof featuresPb.SupportedMethods> {
  const methods = new featuresPb.SupportedMethods();
  methods.setEventStoreServerVersion('24.10.0');
  for (const [name, features] of [['batchappend', ['deadline_duration']], ['append', []], ['read', ['position', 'events', 'stream']]] as const) {
    const method = new featuresPb.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName(name);
    method.setFeaturesList([...features]);
    methods.addMethods(method);
  }
  return methods;
}

/** A length-delimited field of a protobuf message; short ones only. */
function field(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);
}

function wrongExpectedVersion(expected: number, current: number): InstanceType<typeof statusPb.Status> {
  const wrong = new sharedPb.WrongExpectedVersion();
  // google.protobuf.Empty and theirs are the same on the wire: nothing.
  const nothing = new sharedPb.Empty() as never;
  if (current < 0) wrong.setCurrentNoStream(nothing);
  else wrong.setCurrentStreamRevision(String(current));
  if (expected < 0) wrong.setExpectedNoStream(nothing);
  else wrong.setExpectedStreamPosition(String(expected));
  // google.rpc.Status { message = 2, details = 3: Any { type_url = 1, value = 2 } }
  const typeUrl = Buffer.from('type.googleapis.com/event_store.client.WrongExpectedVersion');
  const details = Buffer.concat([field(1, typeUrl), field(2, wrong.serializeBinary())]);
  return statusPb.Status.deserializeBinary(Buffer.concat([field(2, Buffer.from('wrong expected version')), field(3, details)]));
}

interface ReadQuery {
  readonly stream: string | undefined;
  readonly backwards: boolean;
  readonly count: number;
  readonly isSubscription: boolean;
  readonly fromEnd: boolean;
  readonly structuredIds: boolean;
  isWanted(event: Recorded): boolean;
}

function readQuery(options: NonNullable<ReturnType<ReadReq['getOptions']>>): ReadQuery {
  const streamOptions = options.getStream();
  const all = options.getAll();
  const position = all?.getPosition();
  const types = options.getFilter()?.getEventType();
  const regex = types?.getRegex() ? new RegExp(types.getRegex()) : undefined;
  const prefixes = types?.getPrefixList() ?? [];
  const isSubscription = options.hasSubscription();
  const backwards = options.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;
  const from = position === undefined ? undefined : Number(position.getCommitPosition());
  const fromRevision = streamOptions?.hasRevision() === true ? Number(streamOptions.getRevision()) : 0;
  return {
    stream: streamOptions === undefined ? undefined : Buffer.from(streamOptions.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8'),
    backwards,
    count: options.hasCount() ? Number(options.getCount()) : Number.MAX_SAFE_INTEGER,
    isSubscription,
    fromEnd: all?.hasEnd() === true,
    structuredIds: options.getUuidOption()?.hasStructured() === true,
    isWanted(event) {
      const type = event.metadata.get('type') ?? '';
      if (streamOptions !== undefined) return event.revision >= fromRevision;
      // A read includes the event at its position, a subscription begins after it.
      if (from !== undefined && !backwards && (isSubscription ? event.position <= from : event.position < from)) return false;
      if (regex !== undefined) return regex.test(type);
      return prefixes.length === 0 || prefixes.some((prefix) => type.startsWith(prefix));
    },
  };
}

function streamNotFound(stream: string): ReadResp {
  const response = new streamsPb.ReadResp();
  const notFound = new streamsPb.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifier(stream));
  response.setStreamNotFound(notFound);
  return response;
}

function identifier(stream: string): InstanceType<typeof sharedPb.StreamIdentifier> {
  const named = new sharedPb.StreamIdentifier();
  named.setStreamName(Buffer.from(stream, 'utf8'));
  return named;
}

function toResponse(event: Recorded, structuredIds: boolean): ReadResp {
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(uuid(event.id, structuredIds));
  recorded.setStreamIdentifier(identifier(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.position));
  recorded.setPreparePosition(String(event.position));
  for (const [name, value] of event.metadata) recorded.getMetadataMap().set(name, value);
  // 100 ns since the epoch, as the server writes it.
  recorded.getMetadataMap().set('created', '17640000000000000');
  recorded.setCustomMetadata(event.customMetadata);
  recorded.setData(event.data);
  const readEvent = new streamsPb.ReadResp.ReadEvent();
  readEvent.setEvent(recorded);
  readEvent.setCommitPosition(String(event.position));
  const response = new streamsPb.ReadResp();
  response.setEvent(readEvent);
  return response;
}

function uuid(id: string, structured: boolean): InstanceType<typeof sharedPb.UUID> {
  const result = new sharedPb.UUID();
  if (!structured) {
    result.setString(id);
    return result;
  }
  const hex = id.replaceAll('-', '');
  const bits = new sharedPb.UUID.Structured();
  bits.setMostSignificantBits(BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`)).toString());
  bits.setLeastSignificantBits(BigInt.asIntN(64, BigInt(`0x${hex.slice(16)}`)).toString());
  result.setStructured(bits);
  return result;
}
