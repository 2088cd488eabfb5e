/**
 * What Kubernetes, and Docker before it, put into the environment for a service that is named `roster` or `roster-…`: its
 * addresses, in variables that nobody wrote.
 */
const SERVICE_LINK = /^ROSTER_(?:\w+_)?SERVICE_(?:HOST|PORT(?:_\w+)?)$|^ROSTER_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//

/** Whether an orchestrator, and no operator, set this variable. */
export function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_URL.test(value))
}
