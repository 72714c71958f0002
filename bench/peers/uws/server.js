// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// A broadcast server on uWebSockets.js: node server.js PORT [KEY.pem CERT.pem]
const uws = require('@trufflesuite/uws-js-unofficial');
const [port, key, cert] = process.argv.slice(2);
// The package falls back to plain JavaScript where it has no binary for this
// Node; that would be no comparison.
if (!uws.SSLApp) throw new Error('no native uWebSockets.js for Node ' + process.version);
const app = key ? uws.SSLApp({key_file_name: key, cert_file_name: cert}) : uws.App();
const publish = (ws, message, isBinary) => app.publish('bench', message, isBinary);
app.ws('/pub', {message: publish});
app.ws('/*', {message: publish, open: (ws) => ws.subscribe('bench')});
app.listen('127.0.0.1', Number(port), (ok) => ok || process.exit(1));
