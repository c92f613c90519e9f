/** As a shell tells of a program that SIGPIPE ended: 128 + 13. */
const endedByPipe = 141;

/**
 * Whoever reads a command's output may have had enough of it (`… | head`): the command ends without a word, as others do by SIGPIPE, which Node
 * takes away. One that has calls or processes to put in order listens to SIGTERM, and is told by that; what it still says is for nobody.
 * Not for a server: it outlives whoever reads its log.
 */
export function endWhenOutputCloses(): void {
  let closed = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (closed) return;
      closed = true;
      if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
      else process.exit(endedByPipe);
    });
  }
}
