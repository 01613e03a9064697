// node check.mjs FOLDER: are the dashboards beside this file what Grafana's own
// types say a dashboard is? FOLDER has npm's @grafana/schema and typescript.
//
// Each dashboard, panel, set of options and of field settings is written out as a
// TypeScript literal of its type, so that a member or a word that Grafana doesn't
// know is an error of the compiler.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const modules = join(resolve(process.argv[2]), 'node_modules');
const work = mkdtempSync(join(tmpdir(), 'grafana-'));
const library = join(work, 'node_modules/@grafana/schema');

// JSON has no enums: each becomes the union of its values, and each of its members
// the value.
function unions(folder) {
  const paths = readdirSync(folder, { recursive: true }).filter((f) => f.endsWith('.d.ts')).map((f) => join(folder, f));
  const enums = /export (?:declare |const )*enum (\w+)\s*\{([^}]*)\}/g;
  const members = (body) => [...body.matchAll(/(\w+)\s*=\s*("[^"]*"|-?\d+)/g)];
  const texts = new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
  const values = new Map();
  for (const text of texts.values())
    for (const [, name, body] of text.matchAll(enums))
      for (const [, member, value] of members(body)) values.set(`${name}.${member}`, value);
  for (const [path, text] of texts)
    writeFileSync(path, text
      .replace(enums, (_, name, body) => `export type ${name} = ${members(body).map((m) => m[2]).join(' | ') || 'never'};`)
      .replace(/\b(?:common\.)?(\w+\.\w+)\b/g, (all, member) => values.get(member) ?? all));
}

// Grafana fills in what a link leaves out, and writes beside a variable's query its
// text, for which the schema has no word.
const links = (some = []) => some.map((link) => ({
  asDropdown: false, icon: '', includeVars: false, keepTime: false, tags: [], targetBlank: false, tooltip: '', type: 'link', ...link,
}));
const variables = (some = []) => some.map(({ definition, ...variable }) => variable);

const typesOf = { timeseries: 'timeseries', stat: 'stat', bargauge: 'bargauge', gauge: 'gauge', table: 'table', heatmap: 'heatmap' };
const claims = [];
const claim = (type, value) => claims.push(`export const c${claims.length}: ${type} = ${JSON.stringify(value)};`);

const files = readdirSync(here).filter((f) => f.endsWith('.json'));
for (const file of files) {
  const dashboard = JSON.parse(readFileSync(join(here, file), 'utf8'));
  claim('D.Dashboard', {
    ...dashboard, panels: [], links: links(dashboard.links), templating: { list: variables(dashboard.templating?.list) },
  });
  for (const panel of dashboard.panels.flatMap((p) => [p, ...(p.panels ?? [])])) {
    if (panel.type === 'row') {
      claim('D.RowPanel', panel);
      continue;
    }
    claim('D.Panel', { ...panel, links: links(panel.links) });
    const kind = typesOf[panel.type];
    if (!kind) throw new Error(`${file}: no types for a panel of type ${panel.type}`);
    claim(`Partial<${kind}.Options>`, panel.options ?? {});
    const custom = panel.fieldConfig?.defaults?.custom;
    if (custom) claim(`Partial<${kind}.FieldConfig>`, custom);
  }
}

let said = '';
try {
  mkdirSync(library, { recursive: true });
  cpSync(join(modules, '@grafana/schema'), library, { recursive: true });
  unions(join(library, 'dist/types'));
  const raw = './node_modules/@grafana/schema/dist/types/raw';
  writeFileSync(join(work, 'check.ts'), [
    `import type * as D from '${raw}/dashboard/x/types.gen';`,
    ...Object.entries(typesOf).map(([kind, folder]) => `import type * as ${kind} from '${raw}/composable/${folder}/panelcfg/x/types.gen';`),
    ...claims,
  ].join('\n'));
  execFileSync(process.execPath, [join(modules, 'typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022',
    '--module', 'esnext', '--moduleResolution', 'bundler', 'check.ts'], { cwd: work, encoding: 'utf8', stdio: 'pipe' });
} catch (err) {
  said = `${err.stdout ?? ''}${err.stderr ?? ''}` || String(err);
} finally {
  rmSync(work, { recursive: true, force: true });
}
const wrong = said.split('\n').filter((line) => line && !line.startsWith(' '));
const { version } = JSON.parse(readFileSync(join(modules, '@grafana/schema/package.json'), 'utf8'));
if (wrong.length) {
  console.error(wrong.join('\n'));
  console.error(`${wrong.length} things in ${files.length} dashboards are not as Grafana ${version} has them`);
  process.exit(1);
}
console.log(`${files.length} dashboards, ${claims.length} parts: as Grafana ${version} has them`);
