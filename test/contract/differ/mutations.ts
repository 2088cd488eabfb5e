import { all, copy, drop, type Edit, move, push, refer, reverse, set, without } from './edits.js'

/** A change of the contract, and what the differ has to say of it. */
export interface Mutation {
  readonly label: string
  readonly edit: Edit
  /** Where it has to be found; a harmless one is found nowhere. */
  readonly where?: string
  /** What the contract has to have before, where the released one has no case of it. */
  readonly given: Edit
}

const SCHEMAS = 'components.schemas'
const USER = `${SCHEMAS}.User.properties`
const CREATE = `${SCHEMAS}.UserCreate`
const PROFILE = `${SCHEMAS}.UserProfile`
const INPUT = `${SCHEMAS}.UserProfileInput`
const SHARED_ID = 'components.parameters.user_id'
const LIST = 'paths./user/.get'
const POST = 'paths./user/.post'
const ONE = 'paths./user/{user_id}/'
const LIMIT = `${LIST}.parameters.query limit`
const USERNAME = `${LIST}.parameters.query username`
const OK = `${LIST}.responses.200`
const refTo = (name: string) => ({ $ref: `#/components/${name}` })
const nothing = all()
const change = (where: string, label: string, edit: Edit, given = nothing): Mutation => ({ where, label, edit, given })
const no = (label: string, edit: Edit, given = nothing): Mutation => ({ label, edit, given })

const TEXT = { type: 'string', maxLength: 10 }
const TREE = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 10 }, children: { type: 'array', items: refTo('schemas/Tree') } },
}
const grown = all(set(`${SCHEMAS}.Tree`, TREE), set(`${USER}.tree`, refTo('schemas/Tree')))
const choice = set(`${USER}.choice`, { oneOf: [TEXT, { type: 'integer' }] })
const otherKey = set('components.securitySchemes.session', { type: 'apiKey', in: 'cookie', name: 'session' })
const twoKeys = all(otherKey, push(`${LIST}.security`, { session: [] }))
const scoped = all(
  set('components.securitySchemes.oauth', { type: 'oauth2', flows: {} }),
  set(`${LIST}.security`, [{ oauth: ['read'] }]),
)

/** What must not be released without a major version. */
export const breaking: readonly Mutation[] = [
  // The document.
  change('openapi', 'another dialect', set('openapi', '3.1.0')),
  change('servers', 'another server', set('servers.0.url', '/v2')),
  change('paths./user_info/', 'a path is gone', drop('paths./user_info/')),
  change('paths./user/{user_id}/', 'a path parameter is renamed', move(ONE, 'paths./user/{id}/')),
  change('info.x-audience', 'a keyword that no rule knows', set('info.x-audience', 'internal')),
  change('x-tagGroups', 'a keyword of the document that no rule knows', set('x-tagGroups', [])),
  change(
    'components.securitySchemes.apiKey.name',
    'the key is sent in another header',
    set('components.securitySchemes.apiKey.name', 'X-Key'),
  ),
  change(
    'components.securitySchemes.apiKey',
    'the scheme is renamed',
    all(
      move('components.securitySchemes.apiKey', 'components.securitySchemes.key'),
      ...['/user/.get', '/user/.post'].map((path) => set(`paths.${path}.security`, [{ key: [] }])),
    ),
  ),
  change(
    `${SCHEMAS}.Emm`,
    'a schema is renamed, and with it the type of SDKs',
    all(
      move(`${SCHEMAS}.Emm`, `${SCHEMAS}.Enrolment`),
      refer('#/components/schemas/Emm', '#/components/schemas/Enrolment'),
    ),
  ),
  change(
    `${SCHEMAS}.Emm`,
    'a schema is inlined, and its name gone',
    all(copy(`${SCHEMAS}.Emm`, `${USER}.emm`), drop(`${SCHEMAS}.Emm`)),
  ),
  change('components.callbacks', 'components of a kind that no rule knows', set('components.callbacks', {})),

  // Operations.
  change(`${ONE}.delete`, 'a method is gone', drop(`${ONE}.delete`)),
  change(`${LIST}.operationId`, 'an operation is renamed', set(`${LIST}.operationId`, 'searchUsers')),
  change(`${LIST}.x-who-may-call`, 'fewer may call', set(`${LIST}.x-who-may-call`, 'managers')),
  change(`${ONE}.put.x-who-may-call`, 'nobody may call for themself', set(`${ONE}.put.x-who-may-call`, 'managers')),
  change(`${LIST}.x-who-may-call`, 'callers of an unknown kind', set(`${LIST}.x-who-may-call`, 'auditors')),
  change(
    `${LIST}.x-who-may-call`,
    'anyone, but nobody knows instead of whom',
    set(`${LIST}.x-who-may-call`, 'anyone'),
    set(`${LIST}.x-who-may-call`, 'auditors'),
  ),
  change(
    `${LIST}.security`,
    'a second key is asked as well',
    all(otherKey, set(`${LIST}.security`, [{ apiKey: [], session: [] }])),
  ),
  change(`${LIST}.security`, 'another key is asked instead', all(otherKey, set(`${LIST}.security`, [{ session: [] }]))),
  change(`${LIST}.security`, 'one of two ways in is shut', drop(`${LIST}.security.1`), twoKeys),
  change(`${LIST}.security`, 'a scope more is asked', set(`${LIST}.security.0.oauth`, ['read', 'write']), scoped),
  change(
    `${LIST}.security`,
    'a key is asked where none was',
    set('security', [{ apiKey: [] }]),
    drop(`${LIST}.security`),
  ),
  change(`${LIST}.servers`, 'an operation moves to a server of its own', set(`${LIST}.servers`, [{ url: '/lists' }])),
  change(`${LIST}.callbacks`, 'a keyword of an operation that no rule knows', set(`${LIST}.callbacks`, {})),

  // Parameters and bodies of requests.
  change(LIMIT, 'a parameter is gone', drop(`${LIST}.parameters.0`)),
  change(LIMIT, 'a parameter is renamed', set(`${LIST}.parameters.0.name`, 'page_size')),
  change(LIMIT, 'a parameter moves to the headers', set(`${LIST}.parameters.0.in`, 'header')),
  change(
    `${LIST}.parameters.query q`,
    'a new parameter is required',
    push(`${LIST}.parameters`, { name: 'q', in: 'query', required: true, schema: TEXT }),
  ),
  change(
    `${LIST}.parameters.query q`,
    'all operations of a path require a new parameter',
    set('paths./user/.parameters', [{ name: 'q', in: 'query', required: true, schema: TEXT }]),
  ),
  change(`${LIMIT}.required`, 'a parameter is newly required', set(`${LIST}.parameters.0.required`, true)),
  change(`${LIMIT}.schema.type`, 'a parameter is retyped', set(`${LIST}.parameters.0.schema.type`, 'number')),
  change(
    `${LIMIT}.schema.format`,
    'a parameter has another format',
    set(`${LIST}.parameters.0.schema.format`, 'int64'),
  ),
  change(`${LIMIT}.schema.default`, 'a default changes', set(`${LIST}.parameters.0.schema.default`, 50)),
  change(`${LIMIT}.schema.default`, 'a default is gone', drop(`${LIST}.parameters.0.schema.default`)),
  change(`${LIMIT}.schema.maximum`, 'a maximum falls', set(`${LIST}.parameters.0.schema.maximum`, 100)),
  change(`${LIMIT}.schema.minimum`, 'a minimum rises', set(`${LIST}.parameters.0.schema.minimum`, 10)),
  change(
    `${LIMIT}.schema.exclusiveMaximum`,
    'a maximum is excluded',
    set(`${LIST}.parameters.0.schema.exclusiveMaximum`, true),
  ),
  change(`${LIMIT}.schema.multipleOf`, 'only tens are allowed', set(`${LIST}.parameters.0.schema.multipleOf`, 10)),
  change(`${LIMIT}.explode`, 'a list is written another way', set(`${LIST}.parameters.0.explode`, false)),
  change(`${LIMIT}.schema`, 'a parameter has no schema any more', drop(`${LIST}.parameters.0.schema`)),
  change(
    `${LIMIT}.schema`,
    'a parameter that was anything has a schema',
    set(`${LIST}.parameters.0.schema`, TEXT),
    drop(`${LIST}.parameters.0.schema`),
  ),
  change(`${USERNAME}.schema.minLength`, 'a minimum length rises', set(`${LIST}.parameters.2.schema.minLength`, 2)),
  change(`${USERNAME}.schema.pattern`, 'another pattern', set(`${LIST}.parameters.2.schema.pattern`, '^[a-z]*$')),
  change(
    `${USERNAME}.schema.enum`,
    'a parameter is newly an enumeration',
    set(`${LIST}.parameters.2.schema.enum`, ['a']),
  ),
  change(
    `${SHARED_ID}.schema.maximum`,
    'a shared parameter is narrowed',
    set(`${SHARED_ID}.schema.maximum`, 2147483647),
  ),
  change(`${LIST}.requestBody`, 'a body is asked where none was', copy(`${POST}.requestBody`, `${LIST}.requestBody`)),
  change(`${POST}.requestBody`, 'a body is gone', drop(`${POST}.requestBody`)),
  change(
    `${POST}.requestBody.required`,
    'a body is newly required',
    set(`${POST}.requestBody.required`, true),
    set(`${POST}.requestBody.required`, false),
  ),
  change(
    `${POST}.requestBody.content.application/json`,
    'bodies have another media type',
    move(`${POST}.requestBody.content.application/json`, `${POST}.requestBody.content.application/xml`),
  ),
  change(`${CREATE}.required.email`, 'a field is newly required', push(`${CREATE}.required`, 'email')),
  change(`${INPUT}.required.role`, 'a list of required fields is new', set(`${INPUT}.required`, ['role'])),
  change(
    `${CREATE}.required.team`,
    'a new field is required',
    all(set(`${CREATE}.properties.team`, TEXT), push(`${CREATE}.required`, 'team')),
  ),
  change(`${CREATE}.properties.email`, 'a field of a request is gone', drop(`${CREATE}.properties.email`)),
  change(
    `${CREATE}.properties.is_active.type`,
    'a field of a request is retyped',
    set(`${CREATE}.properties.is_active.type`, 'string'),
  ),
  change(
    `${CREATE}.properties.is_active.default`,
    'a field of a request has a default',
    set(`${CREATE}.properties.is_active.default`, true),
  ),
  change(
    `${CREATE}.properties.is_active.readOnly`,
    'a field of a request is only read',
    set(`${CREATE}.properties.is_active.readOnly`, true),
  ),
  change(`${CREATE}.additionalProperties`, 'unknown fields are refused', set(`${CREATE}.additionalProperties`, false)),
  change(
    `${CREATE}.additionalProperties`,
    'unknown fields are refused that were taken without a word',
    set(`${CREATE}.additionalProperties`, false),
    drop(`${CREATE}.additionalProperties`),
  ),
  change(`${CREATE}.additionalProperties`, 'unknown fields are typed', set(`${CREATE}.additionalProperties`, TEXT)),
  change(
    `${CREATE}.additionalProperties.maxLength`,
    'typed unknown fields are narrowed',
    set(`${CREATE}.additionalProperties.maxLength`, 5),
    set(`${CREATE}.additionalProperties`, TEXT),
  ),
  change(`${CREATE}.minProperties`, 'a body needs more fields', set(`${CREATE}.minProperties`, 3)),
  change(`${CREATE}.maxProperties`, 'a body takes fewer fields', set(`${CREATE}.maxProperties`, 3)),
  change(
    `${INPUT}.properties.authz_role_id.nullable`,
    'null is refused',
    drop(`${INPUT}.properties.authz_role_id.nullable`),
  ),
  change(`${INPUT}.properties.groups.maxItems`, 'a list is shorter', set(`${INPUT}.properties.groups.maxItems`, 100)),
  change(
    `${INPUT}.properties.groups.minItems`,
    'a list must not be empty',
    set(`${INPUT}.properties.groups.minItems`, 1),
  ),
  change(
    `${INPUT}.properties.groups.uniqueItems`,
    'duplicates are refused',
    set(`${INPUT}.properties.groups.uniqueItems`, true),
  ),
  change(
    `${INPUT}.properties.groups.x-max-distinct-items`,
    'fewer different items',
    set(`${INPUT}.properties.groups.x-max-distinct-items`, 100),
  ),
  change(
    `${INPUT}.properties.groups.items.maxLength`,
    'an item is shorter',
    set(`${INPUT}.properties.groups.items.maxLength`, 32),
  ),
  change(
    `${INPUT}.properties.enterprise.format`,
    'a format is new',
    set(`${INPUT}.properties.enterprise.format`, 'uuid'),
    drop(`${INPUT}.properties.enterprise.format`),
  ),
  change(
    `${SCHEMAS}.Password.x-nfkc-length.minimum`,
    'passwords are longer',
    set(`${SCHEMAS}.Password.x-nfkc-length.minimum`, 12),
  ),
  change(
    `${SCHEMAS}.Password.x-nfkc-length.maximum`,
    'passwords have a lower limit',
    set(`${SCHEMAS}.Password.x-nfkc-length.maximum`, 64),
  ),
  change(
    `${SCHEMAS}.PersonName.maxLength`,
    'a shared schema of requests is narrowed',
    set(`${SCHEMAS}.PersonName.maxLength`, 100),
  ),
  change(
    `${SCHEMAS}.PersonName.pattern`,
    'a pattern is new',
    set(`${SCHEMAS}.PersonName.pattern`, '^a'),
    drop(`${SCHEMAS}.PersonName.pattern`),
  ),
  change(
    `${SCHEMAS}.Role.enum`,
    'a value of requests and answers is gone',
    without(`${SCHEMAS}.Role.enum`, 'Group Admin'),
  ),
  change(
    `${SCHEMAS}.Username.not`,
    'a keyword of schemas that no rule knows',
    set(`${SCHEMAS}.Username.not`, { enum: ['root'] }),
  ),

  // Answers.
  change(`${POST}.responses.201`, 'a status is gone', drop(`${POST}.responses.201`)),
  change(
    `${POST}.responses.201`,
    'a success has another status',
    move(`${POST}.responses.201`, `${POST}.responses.200`),
  ),
  change(
    `${OK}.content.application/json`,
    'answers have another media type',
    move(`${OK}.content.application/json`, `${OK}.content.application/hal+json`),
  ),
  change(`${OK}.content.application/json`, 'answers have no body any more', drop(`${OK}.content`)),
  change(
    `${OK}.content.application/json.schema.type`,
    'a body holds another schema',
    set(`${OK}.content.application/json.schema`, { type: 'array', items: refTo('schemas/User') }),
  ),
  change(`${OK}.headers.link`, 'a header of an answer is gone', drop(`${OK}.headers.Link`)),
  change(
    `${OK}.headers.link.schema.maxLength`,
    'a header of an answer is longer',
    set(`${OK}.headers.Link.schema.maxLength`, 99999),
  ),
  change(
    `${OK}.headers.link.schema`,
    'a header that was anything has a schema',
    set(`${OK}.headers.Link.schema`, TEXT),
    drop(`${OK}.headers.Link.schema`),
  ),
  change(
    `${OK}.content.application/json.schema`,
    'a body that was anything has a schema',
    set(`${OK}.content.application/json.schema`, TEXT),
    drop(`${OK}.content.application/json.schema`),
  ),
  change(`${OK}.links`, 'a keyword of answers that no rule knows', set(`${OK}.links`, {})),
  change(
    'components.headers.Retry-After.required',
    'a header may be absent',
    set('components.headers.Retry-After.required', false),
  ),
  change(
    'components.headers.Retry-After.schema.type',
    'a header is retyped',
    set('components.headers.Retry-After.schema', TEXT),
  ),
  change(
    'components.headers.Cache-Control.schema.enum',
    'a closed enumeration of answers grows',
    push('components.headers.Cache-Control.schema.enum', 'private'),
  ),
  change(
    `${SCHEMAS}.ErrorCode.enum`,
    'an enumeration grows that was not announced as open',
    push(`${SCHEMAS}.ErrorCode.enum`, 'gone'),
    set(`${SCHEMAS}.ErrorCode.description`, 'The fault.'),
  ),
  change(
    `${SCHEMAS}.ErrorCode.enum`,
    'a code is renamed',
    all(without(`${SCHEMAS}.ErrorCode.enum`, 'forbidden'), push(`${SCHEMAS}.ErrorCode.enum`, 'denied')),
  ),
  change(`${SCHEMAS}.ErrorCode.enum`, 'an enumeration of answers becomes any text', drop(`${SCHEMAS}.ErrorCode.enum`)),
  change(
    'components.responses.Unauthorized.headers.www-authenticate',
    'a header of a shared answer is gone',
    drop('components.responses.Unauthorized.headers.WWW-Authenticate'),
  ),
  change(
    `${LIST}.responses.401.headers.www-authenticate`,
    'an answer is another of the shared ones',
    set(`${LIST}.responses.401`, refTo('responses/Forbidden')),
  ),
  change(
    `${USER}.email`,
    'a field of an answer is gone',
    all(drop(`${USER}.email`), without(`${SCHEMAS}.User.required`, 'email')),
  ),
  change(`${USER}.email`, 'a field of an answer is renamed', move(`${USER}.email`, `${USER}.mail`)),
  change(
    `${SCHEMAS}.User.required.email`,
    'a field of an answer may be absent',
    without(`${SCHEMAS}.User.required`, 'email'),
  ),
  change(`${SCHEMAS}.User.required.id`, 'all fields of an answer may be absent', drop(`${SCHEMAS}.User.required`)),
  change(`${USER}.email.nullable`, 'a field of an answer may be null', set(`${USER}.email.nullable`, true)),
  change(
    `${USER}.profile.nullable`,
    'an object of an answer may be null',
    set(`${USER}.profile`, { nullable: true, allOf: [refTo('schemas/UserProfile')] }),
  ),
  change(`${USER}.id.type`, 'a field of an answer is retyped', set(`${USER}.id.type`, 'string')),
  change(`${USER}.id.format`, 'a number of an answer has another format', set(`${USER}.id.format`, 'int32')),
  change(`${USER}.id.minimum`, 'a minimum of an answer falls', set(`${USER}.id.minimum`, 0)),
  change(
    `${SCHEMAS}.UserList.properties.count.maximum`,
    'a maximum of an answer falls',
    set(`${SCHEMAS}.UserList.properties.count.maximum`, 1000),
  ),
  change(`${USER}.username.maxLength`, 'a text of an answer is longer', set(`${USER}.username.maxLength`, 255)),
  change(`${USER}.username.maxLength`, 'a text of an answer is unbounded', drop(`${USER}.username.maxLength`)),
  change(
    `${PROFILE}.properties.created_on.format`,
    'a time of an answer is any text',
    drop(`${PROFILE}.properties.created_on.format`),
  ),
  change(
    `${PROFILE}.properties.groups.maxItems`,
    'a list of an answer is longer',
    set(`${PROFILE}.properties.groups.maxItems`, 500),
  ),
  change(
    `${PROFILE}.properties.groups.items.type`,
    'the items of a list are retyped',
    set(`${PROFILE}.properties.groups.items`, { type: 'integer' }),
  ),
  change(
    `${PROFILE}.properties.groups.items`,
    'the items of a list are anything',
    drop(`${PROFILE}.properties.groups.items`),
  ),
  change(
    `${PROFILE}.additionalProperties`,
    'answers have fields that are not named',
    set(`${PROFILE}.additionalProperties`, true),
  ),
  change(
    `${SCHEMAS}.Error.properties.request_id.pattern`,
    'a pattern of an answer is gone',
    drop(`${SCHEMAS}.Error.properties.request_id.pattern`),
  ),
  change(
    `${USER}.choice.oneOf.0.maxLength`,
    'a branch is changed',
    set(`${USER}.choice.oneOf.0.maxLength`, 20),
    choice,
  ),
  change(`${USER}.choice.oneOf`, 'a branch is new', push(`${USER}.choice.oneOf`, { type: 'boolean' }), choice),
  change(
    `${SCHEMAS}.Tree.properties.name.type`,
    'a schema that contains itself is changed',
    set(`${SCHEMAS}.Tree.properties.name.type`, 'integer'),
    grown,
  ),
]

/** What needs a minor version: nobody suffers, some may want it. */
export const additions: readonly Mutation[] = [
  change('paths./group/', 'a path is new', set('paths./group/', { get: { operationId: 'listGroups', responses: {} } })),
  change(
    'paths./user_info/.patch',
    'a method is new',
    set('paths./user_info/.patch', { operationId: 'updateUserInfo', responses: {} }),
  ),
  change('components.securitySchemes.session', 'a security scheme is new', otherKey),
  change(`${LIST}.security`, 'another key is enough', twoKeys),
  change(`${LIST}.security`, 'no key is asked', set(`${LIST}.security`, [])),
  change(`${LIST}.security`, 'a scope less is asked', set(`${LIST}.security.0.oauth`, []), scoped),
  change(`${POST}.x-who-may-call`, 'more may call', set(`${POST}.x-who-may-call`, 'anyone')),
  change(`${ONE}.delete.x-who-may-call`, 'managers may also', set(`${ONE}.delete.x-who-may-call`, 'managers')),
  change(`${SCHEMAS}.PersonName.maxLength`, 'a text is longer', set(`${SCHEMAS}.PersonName.maxLength`, 200)),
  change(`${SCHEMAS}.Username.minLength`, 'a text of requests is shorter', set(`${SCHEMAS}.Username.minLength`, 0)),
  change(
    `${INPUT}.properties.groups.maxItems`,
    'a list of requests is longer',
    set(`${INPUT}.properties.groups.maxItems`, 99999),
  ),
  change(`${LIST}.deprecated`, 'an operation is deprecated', set(`${LIST}.deprecated`, true)),
  change(`${LIMIT}.deprecated`, 'a parameter is deprecated', set(`${LIST}.parameters.0.deprecated`, true)),
  change(`${USER}.token.deprecated`, 'a field is deprecated', set(`${USER}.token.deprecated`, true)),
  change(`${OK}.headers.link.deprecated`, 'a header is deprecated', set(`${OK}.headers.Link.deprecated`, true)),
  change(
    `${LIST}.parameters.query q`,
    'a new parameter is optional',
    push(`${LIST}.parameters`, { name: 'q', in: 'query', schema: TEXT }),
  ),
  change(`${LIMIT}.schema.maximum`, 'a maximum of requests rises', set(`${LIST}.parameters.0.schema.maximum`, 5000)),
  change(`${LIMIT}.schema.minimum`, 'a minimum of requests falls', set(`${LIST}.parameters.0.schema.minimum`, 0)),
  change(
    `${LIMIT}.required`,
    'a parameter is optional now',
    set(`${LIST}.parameters.0.required`, false),
    set(`${LIST}.parameters.0.required`, true),
  ),
  change(
    `${LIST}.requestBody`,
    'an optional body is new',
    all(copy(`${POST}.requestBody`, `${LIST}.requestBody`), set(`${LIST}.requestBody.required`, false)),
  ),
  change(`${POST}.requestBody.required`, 'a body is optional now', drop(`${POST}.requestBody.required`)),
  change(
    `${POST}.requestBody.content.application/cbor`,
    'another media type is taken',
    copy(`${POST}.requestBody.content.application/json`, `${POST}.requestBody.content.application/cbor`),
  ),
  change(`${CREATE}.properties.team`, 'a new field of a request is optional', set(`${CREATE}.properties.team`, TEXT)),
  change(
    `${CREATE}.required.profile`,
    'a field of a request is optional now',
    without(`${CREATE}.required`, 'profile'),
  ),
  change(
    `${CREATE}.properties.is_active.nullable`,
    'null is taken',
    set(`${CREATE}.properties.is_active.nullable`, true),
  ),
  change(
    `${CREATE}.additionalProperties`,
    'unknown fields are taken',
    set(`${CREATE}.additionalProperties`, true),
    set(`${CREATE}.additionalProperties`, false),
  ),
  change(
    `${INPUT}.properties.groups.x-max-distinct-items`,
    'more different items',
    set(`${INPUT}.properties.groups.x-max-distinct-items`, 500),
  ),
  change(
    `${INPUT}.properties.groups.uniqueItems`,
    'duplicates are taken',
    drop(`${INPUT}.properties.groups.uniqueItems`),
    set(`${INPUT}.properties.groups.uniqueItems`, true),
  ),
  change(
    `${SCHEMAS}.Password.x-nfkc-length.maximum`,
    'passwords of any length',
    drop(`${SCHEMAS}.Password.x-nfkc-length`),
  ),
  change(`${SCHEMAS}.PersonName.pattern`, 'a pattern of requests is gone', drop(`${SCHEMAS}.PersonName.pattern`)),
  change(
    `${SCHEMAS}.Role.enum`,
    'an open enumeration of requests and answers grows',
    push(`${SCHEMAS}.Role.enum`, 'Auditor'),
  ),
  change(
    `${SCHEMAS}.ErrorCode.enum`,
    'an open enumeration of answers grows',
    push(`${SCHEMAS}.ErrorCode.enum`, 'rate_limited'),
  ),
  change(`${LIST}.responses.429`, 'a status is new', set(`${LIST}.responses.429`, refTo('responses/Unavailable'))),
  change(
    `${OK}.headers.etag`,
    'a header of an answer is new',
    set(`${OK}.headers.ETag`, { required: true, schema: TEXT }),
  ),
  change(`${OK}.headers.link.required`, 'a header of an answer always comes', set(`${OK}.headers.Link.required`, true)),
  change(
    `${OK}.content.application/cbor`,
    'another media type is answered',
    copy(`${OK}.content.application/json`, `${OK}.content.application/cbor`),
  ),
  change(
    `${USER}.team`,
    'a field of an answer is new',
    all(set(`${USER}.team`, TEXT), push(`${SCHEMAS}.User.required`, 'team')),
  ),
  change(
    `${SCHEMAS}.Emm.required.google_enterprise_id`,
    'a field of an answer always comes',
    set(`${SCHEMAS}.Emm.required`, ['google_enterprise_id']),
  ),
  change(`${USER}.last_login.nullable`, 'a field of an answer is never null', drop(`${USER}.last_login.nullable`)),
]

/** What must not be found. */
export const unnoticed: readonly Mutation[] = [
  // What programs do not read.
  no('a patch of the specification', set('openapi', '3.0.4')),
  no('the title, contact and license', all(set('info.title', 'Directory'), drop('info.contact'), drop('info.license'))),
  no('the description of the whole', set('info.description', 'A directory.')),
  no('the version alone', set('info.version', '9.9.9')),
  no('the description of a server', set('servers.0.description', 'Here.')),
  no('tags', all(push('tags', { name: 'Group' }), set(`${LIST}.tags`, ['Group']))),
  no('the texts of an operation', all(set(`${LIST}.summary`, 'Users'), set(`${LIST}.description`, 'Lists.'))),
  no('the texts of a path', all(set('paths./user/.summary', 'Users'), set('paths./user/.description', 'All.'))),
  no('the description of a parameter', set(`${LIST}.parameters.0.description`, 'How many.')),
  no('the description of a body', set(`${POST}.requestBody.description`, 'The user.')),
  no('the description of an answer', set(`${OK}.description`, 'A page.')),
  no('the description of a header', set('components.headers.Allow.description', 'Methods.')),
  no('the description of a scheme', set('components.securitySchemes.apiKey.description', 'The key.')),
  no(
    'the title and description of a schema',
    all(set(`${SCHEMAS}.User.title`, 'A user'), set(`${SCHEMAS}.User.description`, 'One.')),
  ),
  no('the terms of service', set('info.termsOfService', 'https://roster.example')),
  no('documentation of an operation', set(`${LIST}.externalDocs`, { url: 'https://roster.example' })),
  no('a link to documentation', set(`${SCHEMAS}.User.externalDocs`, { url: 'https://roster.example' })),
  no('the example of a parameter', set(`${LIST}.parameters.0.example`, 21)),
  no('the example of a field', drop(`${USER}.email.example`)),
  no('the examples of a body', set(`${POST}.requestBody.content.application/json.examples`, {})),
  no('an example that is shared', drop('components.examples.FullUser.value.email')),

  // The same, written another way.
  no('paths in another order', reverse('paths')),
  no('methods in another order', reverse(ONE)),
  no('parameters in another order', reverse(`${LIST}.parameters`)),
  no('headers in another order', reverse(`${OK}.headers`)),
  no('components in another order', reverse(SCHEMAS)),
  no('fields in another order', reverse(USER)),
  no('required fields in another order', reverse(`${SCHEMAS}.User.required`)),
  no('values in another order', reverse(`${SCHEMAS}.Role.enum`)),
  no('keywords in another order', reverse(`${USER}.username`)),
  no('ways in in another order', reverse(`${LIST}.security`), twoKeys),
  no('a schema is inlined, and its name stays', copy(`${SCHEMAS}.Role`, `${INPUT}.properties.role`)),
  no(
    'a parameter is inlined',
    all(copy(SHARED_ID, `${ONE}.get.parameters.0`), copy(SHARED_ID, `${ONE}.delete.parameters.0`)),
  ),
  no('an answer is inlined', copy('components.responses.NotFound', `${ONE}.get.responses.404`)),
  no('a header is inlined', copy('components.headers.X-Request-Id', `${OK}.headers.X-Request-Id`)),
  no(
    'a schema becomes a component',
    all(
      copy(`${PROFILE}.properties.groups`, `${SCHEMAS}.Groups`),
      set(`${PROFILE}.properties.groups`, refTo('schemas/Groups')),
    ),
  ),
  no(
    'a header becomes a component',
    all(copy(`${OK}.headers.Link`, 'components.headers.Link'), set(`${OK}.headers.Link`, refTo('headers/Link'))),
  ),
  no(
    'a body becomes a component',
    all(
      set('components.requestBodies', {}),
      copy(`${POST}.requestBody`, 'components.requestBodies.NewUser'),
      set(`${POST}.requestBody`, refTo('requestBodies/NewUser')),
    ),
  ),
  no(
    'a shared answer is renamed',
    all(
      move('components.responses.NotFound', 'components.responses.Missing'),
      refer('#/components/responses/NotFound', '#/components/responses/Missing'),
    ),
  ),
  no(
    'a schema refers to an equal one',
    all(copy(`${SCHEMAS}.Role`, `${SCHEMAS}.Position`), set(`${INPUT}.properties.role`, refTo('schemas/Position'))),
  ),
  no(
    'a reference in an allOf, to describe it',
    set(`${USER}.profile`, { description: 'Where.', allOf: [refTo('schemas/UserProfile')] }),
  ),
  no('null beside a reference, written out', set(`${USER}.emm`, { nullable: false, allOf: [refTo('schemas/Emm')] })),
  no(
    'a parameter stands at the path',
    all(
      set(`${ONE}.parameters`, [refTo('parameters/user_id')]),
      ...['get', 'put', 'patch', 'delete'].map((method) => drop(`${ONE}.${method}.parameters`)),
    ),
  ),
  no(
    'security stands at the top',
    all(set('security', [{ apiKey: [] }]), drop(`${LIST}.security`), drop(`${POST}.security`)),
  ),
  no(
    'a header in other case',
    all(
      set('paths./user_info/.get.parameters.0.name', 'x-client-id'),
      move(`${OK}.headers.Link`, `${OK}.headers.link`),
    ),
  ),
  no('required: false is left out', drop(`${LIST}.parameters.0.required`)),
  no('nullable: false is written out', set(`${USER}.email.nullable`, false)),
  no('deprecated: false is written out', all(set(`${LIST}.deprecated`, false), set(`${USER}.email.deprecated`, false))),
  no('uniqueItems: false is written out', set(`${PROFILE}.properties.groups.uniqueItems`, false)),
  no(
    'lengths from 0 are written out',
    all(set(`${SCHEMAS}.Email.minLength`, 0), set(`${INPUT}.properties.groups.minItems`, 0)),
  ),
  no('additionalProperties: true is left out', drop(`${CREATE}.additionalProperties`)),
  no('additionalProperties: {} for true', set(`${CREATE}.additionalProperties`, {})),
  no('deprecated: false is left out', drop(`${LIST}.deprecated`), set(`${LIST}.deprecated`, false)),
  no('required fields of none are left out', drop(`${SCHEMAS}.Emm.required`), set(`${SCHEMAS}.Emm.required`, [])),
  ...['allOf', 'anyOf', 'oneOf'].map((branches) =>
    no(
      `the description of a branch of ${branches}`,
      set(`${USER}.choice.${branches}.1.description`, 'A number.'),
      set(`${USER}.choice`, { [branches]: [TEXT, { type: 'integer' }] }),
    ),
  ),
  no('no required field is an empty list', set(`${SCHEMAS}.Emm.required`, [])),
  no(
    'the style that a parameter has anyway',
    all(
      set(`${LIST}.parameters.0.style`, 'form'),
      set(`${LIST}.parameters.0.explode`, true),
      set(`${SHARED_ID}.style`, 'simple'),
    ),
  ),
  no('no server is the root', drop('servers'), set('servers', [{ url: '/' }])),
  no('a schema that contains itself, unchanged but for its text', set(`${SCHEMAS}.Tree.description`, 'A tree.'), grown),
]
