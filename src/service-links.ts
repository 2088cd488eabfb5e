/**
 * The variables that Kubernetes, like Docker links before it, injects for a service named `roster` or `roster-…`. Without this
 * check, an injected `ROSTER_OPS_PORT` would end the start.
 */
const SERVICE_LINK = /^ROSTER_(?:\w+_)?SERVICE_(?:HOST|PORT(?:_\w+)?)$|^ROSTER_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//

/** Whether an orchestrator injected this variable. */
export function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_URL.test(value))
}
