// Handlers for AWS's Node.js runtime interface client (npm aws-lambda-ric).
'use strict';

exports.echo = async (event) => {
  if (event.fail) throw new TypeError(event.fail);
  return { event, node: true };
};

// A streamed HTTP response: prelude, parts as they are written, and an error midway if asked for.
exports.stream = awslambda.streamifyResponse(async (event, out) => {
  out = awslambda.HttpResponseStream.from(out, { statusCode: 202, headers: { 'Content-Type': 'text/plain' }, cookies: ['s=1'] });
  out.write('one');
  await new Promise((resolve) => setTimeout(resolve, 20));
  out.write('two');
  if (event.rawPath === '/fail') throw new Error('broke midway');
  out.end();
});
