// The first free port from 20000 on, below the range that the kernel takes outgoing ports from.
export function listen_below_ephemeral(server, first = 20_000, last = 32_000) {
  return new Promise((resolve, reject) => {
    let port = first;
    server.on('error', (error) => {
      if (error.code !== 'EADDRINUSE' || port === last) return reject(error);
      server.listen(++port, '127.0.0.1');
    });
    server.once('listening', () => resolve(port));
    server.listen(port, '127.0.0.1');
  });
}
