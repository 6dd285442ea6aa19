import http from 'node:http';
import { request as undiciRequest } from 'undici';

const url = process.env.HTTP_URL;

function classic(path) {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method: 'POST' }, (response) => {
      response.resume().on('end', resolve);
    });
    request.on('error', reject);
    request.end('body'); // line: classic
  });
}

await classic('/classic');
await (await fetch(`${url}/fetch`)).text(); // line: fetch
await (await fetch(`${url}/again`, { method: 'POST', body: 'x' })).text(); // line: fetch post
await (await undiciRequest(`${url}/undici`)).body.text(); // line: undici
process.exit(0);
