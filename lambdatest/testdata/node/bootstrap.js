// A Lambda runtime in plain Node.js, without any package: what "any language" means for lambdatest.
'use strict';
const http = require('node:http');

// As AWS's own client does, the variable is taken for a host and a port.
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });
const api = '/2018-06-01/runtime/invocation/';

function call(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const req = http.request({ host, port, method, path: api + path, agent, headers }, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks).toString() }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

let ticks = 0;
async function handler(event) {
  if (event.fail) throw new TypeError(event.fail);
  if (event.tick) setInterval(() => ticks++, 1); // left behind
  return { event, ticks, node: true };
}

(async () => {
  for (;;) {
    const next = await call('GET', 'next');
    const id = next.headers['lambda-runtime-aws-request-id'];
    try {
      await call('POST', `${id}/response`, JSON.stringify(await handler(JSON.parse(next.body))));
    } catch (err) {
      const body = JSON.stringify({ errorType: err.name, errorMessage: err.message, stackTrace: [] });
      await call('POST', `${id}/error`, body, { 'Lambda-Runtime-Function-Error-Type': `Function.${err.name}` });
    }
  }
})();
