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
      browser?.on('exit', () => {
        try {
          rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
        } catch {
          // A process of the browser's that ends later still writes there; the system clears its temporary files.
        }
      });
      browser?.kill();
    };
  });
}

const budget = JSON.parse(readFileSync(budgetsFile, 'utf8')).wasm;

// Another program on the machine can hold the page up: what breaks the budget is measured again, twice at most, before it counts.
let result;
for (let round = 1; round <= 3; round++) {
  result = await measure().finally(() => measure.close());
  if (result.error) {
    console.error(result.error);
    process.exit(1);
  }

  result.rounds = round;
  result.broken = Object.keys(result.rows).filter((name) => !(result.rows[name].p99 < budget.p99Ms));
  if (result.broken.length === 0) break;
  console.log(`Round ${round}: ${result.broken.join('; ')} over ${budget.p99Ms} ms.`);
}

result.date = new Date().toISOString().slice(0, 10);
result.machine = `${cpus()[0].model.trim()}, ${cpus().length} cores`;
result.browser = execFileSync(chromium, ['--version'], { encoding: 'utf8' }).trim().split(' ').slice(0, 2).join(' ');
const { broken } = result;
delete result.broken;
for (const [name, row] of [...Object.entries(result.rows), ...Object.entries(result.whole)]) {
  const figure = (value) => value.toFixed(2).padStart(9);
  console.log(`${name.padEnd(62)}${String(row.calls).padStart(6)}   mean${figure(row.mean)} ms   p50${figure(row.p50)}   p99${figure(row.p99)}   max${figure(row.max)}`);
}

console.log(`${Object.keys(result.rows).length} rows, p99 under ${budget.p99Ms} ms each: ${broken.length === 0 ? 'kept' : 'BROKEN'}`);
writeFileSync(resultFile, JSON.stringify(result, null, 2) + '\n');
process.exitCode = broken.length === 0 ? 0 : 1;
