// Reads what «openssl speed» measures of the primitives, and prints nanoseconds per operation as JSON.
import { execFileSync } from 'node:child_process';

function speed(...options) {
  return execFileSync('openssl', ['speed', '-mr', '-seconds', '1', ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .split('\n')
    .map((line) => line.split(':'));
}

// A line of throughput: bytes per second at the one length that was asked for.
function perCall(rows, bytes) {
  const row = rows.find(([kind]) => kind === '+F');
  return row && (bytes / Number(row[3])) * 1e9;
}

const curves = speed('ecdhx25519', 'ed25519');
const agreements = curves.find(([kind]) => kind === '+F5');
const signatures = curves.find(([kind]) => kind === '+F6');
const rows = {
  'x25519.agree': 1e9 / Number(agreements[3]),
  'ed25519.sign': 1e9 / Number(signatures[4]),
  'ed25519.verify': 1e9 / Number(signatures[5]),
  'hmac.32': perCall(speed('-bytes', '32', '-hmac', 'sha256'), 32),
  'aesGcm.256': perCall(speed('-bytes', '256', '-evp', 'aes-256-gcm'), 256),
  'aesGcm.65536': perCall(speed('-bytes', '65536', '-evp', 'aes-256-gcm'), 65536),
};
console.log(JSON.stringify({ version: execFileSync('openssl', ['version'], { encoding: 'utf8' }).trim(), rows }));
