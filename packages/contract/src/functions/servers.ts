import { field, records, type ContractFunction, type ServerStatus } from '../function.ts';

/** `OK`, `WARNING - Particao /backup 84%`. */
export function serverStatusText({ status, detail }: Pick<ServerStatus, 'status' | 'detail'>): string {
  return status === 'OK' || detail === '' ? status : `${status} - ${detail}`;
}

export const serverStatus: ContractFunction = {
  name: 'status_servidores',
  meaning: 'retorna o status dos servidores',
  parameters: [],
  http: { section: '1.1.17', syntax: ['status_servidores'], records: ['<id do servidor>;<nome do servidor>;<status>'] },
  async run(_values, _caller, { servers }) {
    // "Retorno" ends with `;`, the examples do not: the examples win.
    return records((await servers()).map((server) => `${server.id};${field(server.name)};${field(serverStatusText(server))}`));
  },
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export const serverStatusPage: ContractFunction = {
  name: 'status_servidores_view',
  meaning: 'relatório que exibe o status dos servidores',
  parameters: [],
  http: { section: '1.1.18', syntax: ['status_servidores_view'], also: 'text/html' },
  async run(_values, _caller, { servers }) {
    const rows = (await servers()).map(
      (server) => `<tr class="${server.status}"><td>${server.id}</td><td>${escape(server.name)}</td><td>${escape(serverStatusText(server))}</td></tr>`,
    );
    return {
      kind: 'page',
      html: `<!doctype html>
<html lang="pt-BR"><head><meta charset="utf-8"><meta http-equiv="refresh" content="180"><title>Status dos servidores</title>
<style>body{font-family:sans-serif;margin:2rem}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.4rem .8rem;text-align:left}
.OK td:last-child{background:#d9f2d9}.WARNING td:last-child{background:#fff2cc}.CRITICAL td:last-child{background:#f8d0d0}</style></head>
<body><h1>Status dos servidores</h1><table><thead><tr><th>ID</th><th>Nome</th><th>Status</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></body></html>
`,
    };
  },
};
