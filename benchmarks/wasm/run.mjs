// Serves the published app to a headless Chromium on this machine, waits for the result that the page posts back,
// writes it, prints it, and exits with 1 where the budget is broken.
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir, cpus } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { spawn, execFileSync } from 'node:child_process';

const [root, chromium, budgetsFile, resultFile, calls] = process.argv.slice(2);
const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const timeLimit = 8 * 60 * 1000;

function serve(onResult) {
  return createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    if (request.method === 'POST' && path === '/result') {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        response.end();
        onResult(JSON.parse(body));
      });
      return;
    }

    const file = join(root, path === '/' ? 'index.html' : path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }

    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
}

function measure() {
  const profile = mkdtempSync(join(tmpdir(), 'pulsemeet-wasm-'));
  return new Promise((resolve, reject) => {
    let browser;
    const server = serve((result) => resolve(result));
    const timer = setTimeout(() => reject(new Error('The page gave no result in time.')), timeLimit);
    server.listen(0, '127.0.0.1', () => {
      browser = spawn(chromium, [
        '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
        `--user-data-dir=${profile}`, `http://127.0.0.1:${server.address().port}/?calls=${calls}`,
      ], { stdio: 'ignore' });
      browser.on('error', reject);
    });
    measure.close = () => {
      clearTimeout(timer);
      server.close();
      server.closeAllConnections();
      browser?.on('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
      browser?.kill();
    };
  });
}

const result = await measure().finally(() => measure.close());
if (result.error) {
  console.error(result.error);
  process.exit(1);
}

const budget = JSON.parse(readFileSync(budgetsFile, 'utf8'))['wasm.derivation'];
const derivation = result.rows.derivation;
result.date = new Date().toISOString().slice(0, 10);
result.machine = `${cpus()[0].model.trim()}, ${cpus().length} cores`;
result.browser = execFileSync(chromium, ['--version'], { encoding: 'utf8' }).trim().split(' ').slice(0, 2).join(' ');
for (const [name, row] of Object.entries(result.rows)) {
  const figure = (value) => (value === undefined ? '' : value.toFixed(2)).padStart(10);
  console.log(`${name.padEnd(30)} mean${figure(row.mean)} ms   p50${figure(row.p50)}   p99${figure(row.p99)}   max${figure(row.max)}`);
}

const kept = derivation.p99 < budget.p99Ms;
console.log(`derivation p99 ${derivation.p99.toFixed(2)} ms, budget ${budget.p99Ms} ms: ${kept ? 'kept' : 'BROKEN'}`);
writeFileSync(resultFile, JSON.stringify(result, null, 2) + '\n');
process.exitCode = kept ? 0 : 1;
