/**
 * Writes examples/clientes-500.txt: 500 contacts with two to five telephones each, the same at every run.
 * The numbers are made up: mobiles 9 0000-xxxx and fixed lines 2000-xxxx, counted through, no two alike.
 * Run: node --import tsx services/mailing/scripts/make-example.ts
 */
import { writeFileSync } from 'node:fs';

const count = 500;
const areaCodes = ['11', '11', '11', '21', '31', '41', '51', '61', '71', '81', '85', '92', '68'];
const firstNames = ['Ana', 'Bruno', 'Carla', 'Diego', 'Elisa', 'Fabio', 'Gisele', 'Hugo', 'Iara', 'Jorge', 'Katia', 'Lucas', 'Marta', 'Nelson', 'Olga', 'Paulo'];
const lastNames = ['Exemplo', 'Ficticio', 'Modelo', 'Teste', 'Amostra', 'Ensaio', 'Demonstracao'];

// A linear congruential generator: small, and the same everywhere.
let state = 20_261;
const next = (below: number): number => {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state / 2_147_483_648) * below);
};
const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;

const lines: string[] = [];
let serialNumber = 0;
for (let index = 1; index <= count; index += 1) {
  const client = `CLI${String(index).padStart(5, '0')}`;
  const name = `${pick(firstNames)} ${pick(lastNames)}`;
  const phones = Array.from({ length: 2 + next(4) }, () => {
    serialNumber += 1;
    const serial = String(serialNumber).padStart(4, '0');
    return `${pick(areaCodes)};${next(3) === 0 ? `2000${serial}` : `90000${serial}`}`;
  });
  lines.push(`${client};${name};${phones.join(';')};`);
}
writeFileSync(new URL('../examples/clientes-500.txt', import.meta.url), `${lines.join('\r\n')}\r\n`);
