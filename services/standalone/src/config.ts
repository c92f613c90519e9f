import { Type, type Static, type TObject } from '@sinclair/typebox';
import { loadYamlConfig, logLevels, readEnvironment, type LogLevel } from '@ritmo/runtime';
import { checkSeedFile, seedFileProperties, type SeedFile } from '@ritmo/svc-directory';

const port = (fallback: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: fallback });
const closed = { additionalProperties: false } as const;

/** The machine's part of the file: read at every start, unlike the configured things, which seed an empty installation. */
const ServerSchema = Type.Object(
  {
    listen: Type.String({ default: '127.0.0.1', description: 'Address that every port is opened on' }),
    advertise: Type.Optional(Type.String({ description: 'Address written in SIP and SDP where it differs from `listen` (NAT)' })),
    httpPort: port(8080),
    socketReadPort: port(25_000),
    socketWritePort: port(27_000),
    sipPort: port(5060),
    tls: Type.Optional(
      Type.Object(
        {
          key: Type.String({ description: 'PEM file with the private key' }),
          cert: Type.String({ description: 'PEM file with the certificate and its chain' }),
          ca: Type.Optional(Type.String({ description: 'PEM file with authorities that are believed besides the public ones' })),
          port: port(5061),
        },
        { ...closed, description: 'With it SIP is spoken over TLS too, by trunks with transport tls and by phones' },
      ),
    ),
    postgresPort: port(15_432),
    rtpPorts: Type.Tuple([Type.Integer({ minimum: 1024, maximum: 65_535 }), Type.Integer({ minimum: 1024, maximum: 65_535 })], {
      default: [20_000, 29_999],
    }),
    logLevel: Type.Union(logLevels.map((level) => Type.Literal(level)), { default: 'info' }),
    stopGraceS: Type.Integer({ minimum: 0, default: 30, description: 'How long calls may finish after SIGTERM' }),
  },
  { ...closed, default: {} },
);

/** Engines outside this process. Left out: everything is embedded. */
const ClusterSchema = Type.Object(
  {
    natsUrl: Type.Optional(Type.String({ description: 'nats://host:4222' })),
    databaseUrl: Type.Optional(Type.String({ description: 'postgres://user:password@host:5432/totalipdb' })),
    eventStoreUrl: Type.Optional(Type.String({ description: 'kurrentdb://host:2113?tls=false; default: the database' })),
    drachtio: Type.Optional(Type.Object({ host: Type.String(), port: port(9022), secret: Type.String() }, closed)),
    rtpengine: Type.Optional(
      Type.Object(
        {
          host: Type.String(),
          port: port(22_222),
          recordings: Type.String({ description: "rtpengine's recording-dir as this process sees it" }),
          dtmfLog: Type.Optional(Type.Object({ host: Type.String(), port: port(22_223) }, { ...closed, description: "where rtpengine's dtmf-log-dest sends to" })),
        },
        closed,
      ),
    ),
  },
  { ...closed, default: {} },
);

export const ConfigFileSchema: TObject = Type.Object({ server: ServerSchema, cluster: ClusterSchema, ...seedFileProperties }, closed);

export type ServerConfig = Static<typeof ServerSchema>;
export type ClusterConfig = Static<typeof ClusterSchema>;

export interface RitmoConfig extends ServerConfig {
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly cluster: ClusterConfig;
  /** Undefined: made at the first start and kept in the data folder. */
  readonly integrationPassword?: string;
  readonly adminKey?: string;
  readonly seed: SeedFile;
  readonly seedName?: string;
}

interface ConfigFile extends Readonly<Record<string, unknown>> {
  readonly server: ServerConfig;
  readonly cluster: ClusterConfig;
}

/** Throws ConfigError with every problem and its line. */
export function loadConfigFile(file: string): Promise<ConfigFile> {
  return loadYamlConfig<ConfigFile>({ file, schema: ConfigFileSchema, check: checkSeedFile });
}

/** Environment over file over defaults. Throws ConfigError or EnvironmentError. */
export async function loadConfig(env: Readonly<Record<string, string | undefined>>): Promise<RitmoConfig> {
  const reader = readEnvironment(env);
  const seedName = reader.text('RITMO_CONFIG');
  const file = seedName === undefined ? emptyConfigFile() : await loadConfigFile(seedName);
  const { server, cluster, ...seed } = file;
  const advertise = reader.text('RITMO_ADVERTISE') ?? server.advertise;
  const integrationPassword = reader.text('RITMO_INTEGRATION_PASSWORD');
  const adminKey = reader.text('RITMO_ADMIN_KEY');
  const natsUrl = reader.text('NATS_URL') ?? cluster.natsUrl;
  const databaseUrl = reader.text('RITMO_DATABASE_URL') ?? cluster.databaseUrl;
  const eventStoreUrl = reader.text('RITMO_EVENTSTORE_URL') ?? cluster.eventStoreUrl;
  const config: RitmoConfig = {
    dataDir: reader.text('RITMO_DATA', './data'),
    listen: reader.text('RITMO_LISTEN', server.listen),
    ...(advertise === undefined ? {} : { advertise }),
    ...(server.tls === undefined ? {} : { tls: server.tls }),
    httpPort: reader.port('RITMO_HTTP_PORT', server.httpPort),
    socketReadPort: reader.port('RITMO_SOCKET_READ_PORT', server.socketReadPort),
    socketWritePort: reader.port('RITMO_SOCKET_WRITE_PORT', server.socketWritePort),
    sipPort: reader.port('RITMO_SIP_PORT', server.sipPort),
    postgresPort: reader.port('RITMO_PG_PORT', server.postgresPort),
    rtpPorts: [...reader.portRange('RITMO_RTP_PORTS', server.rtpPorts)] as [number, number],
    logLevel: reader.choice('RITMO_LOG_LEVEL', logLevels, server.logLevel),
    stopGraceS: reader.integer('RITMO_STOP_GRACE_S', server.stopGraceS, { max: 86_400 }),
    ...(integrationPassword === undefined ? {} : { integrationPassword }),
    ...(adminKey === undefined ? {} : { adminKey }),
    cluster: {
      ...cluster,
      ...(natsUrl === undefined ? {} : { natsUrl }),
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      ...(eventStoreUrl === undefined ? {} : { eventStoreUrl }),
    },
    seed,
    ...(seedName === undefined ? {} : { seedName }),
  };
  reader.assertGood();
  return config;
}

function emptyConfigFile(): ConfigFile {
  return {
    server: {
      listen: '127.0.0.1',
      httpPort: 8080,
      socketReadPort: 25_000,
      socketWritePort: 27_000,
      sipPort: 5060,
      postgresPort: 15_432,
      rtpPorts: [20_000, 29_999],
      logLevel: 'info',
      stopGraceS: 30,
    },
    cluster: {},
  };
}
