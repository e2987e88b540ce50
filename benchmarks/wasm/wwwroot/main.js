// Runs the measurement in the page and posts what it gives back to the local server.
import { dotnet } from './_framework/dotnet.js';

async function measure() {
  const { getAssemblyExports, getConfig } = await dotnet.create();
  const exports = await getAssemblyExports(getConfig().mainAssemblyName);
  const calls = Number(new URLSearchParams(location.search).get('calls'));
  return exports.PulseMeet.E2E.Wasm.Device.Measure(calls);
}

let result;
try {
  result = await measure();
} catch (error) {
  result = JSON.stringify({ error: String(error?.stack ?? error) });
}
await fetch('/result', { method: 'POST', body: result });
