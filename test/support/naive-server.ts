/** A process that serves the naive provider: `node naive-server.ts <port> <setup as JSON>`. */
import { createNaiveProvider, type NaiveSetup } from './naive-provider.ts'

const [port, setup] = process.argv.slice(2)
const { provider } = createNaiveProvider(JSON.parse(setup as string) as NaiveSetup)
provider.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'))
