// npm run api : writes etc/api/*.api.md from the built declarations; with --check it only fails on a difference.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const check = process.argv.includes('--check');
const root = resolve(import.meta.dirname, '..');
const folder = resolve(root, 'etc/api');
const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>;
};

mkdirSync(folder, { recursive: true });
const reports = new Set<string>();
const stale: string[] = [];
for (const [subpath, target] of Object.entries(manifest.exports)) {
  if (typeof target === 'string') continue;
  const report = `${subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-')}.api.md`;
  reports.add(report);
  if (reportChanged(report, resolve(root, target.types))) stale.push(report);
}
for (const left of readdirSync(folder)) {
  if (reports.has(left)) continue;
  stale.push(left);
  if (!check) rmSync(resolve(folder, left));
}
for (const report of stale) console.log(`${check ? 'differs' : 'updated'}: etc/api/${report}`);
if (check && stale.length > 0) {
  console.error('The public API changed. Run `npm run api`, review the difference and commit it.');
  process.exitCode = 1;
}

function reportChanged(report: string, declarations: string): boolean {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: resolve(root, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarations,
      compiler: {
        overrideTsconfig: {
          compilerOptions: { target: 'ES2023', module: 'NodeNext', types: ['node'], skipLibCheck: true, strict: true },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: resolve(root, 'node_modules/.cache/api'),
        reportFileName: report,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } } },
    },
  });
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: !check,
    messageCallback: (message) => {
      message.handled = message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  return apiReportChanged || errorCount > 0;
}
