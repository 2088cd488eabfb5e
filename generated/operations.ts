// Generated from openapi.yaml by `make generate`. Do not edit.

/** The path that all operations are mounted under: `servers` of the contract. */
export const apiPrefix = "/api"

/** Every operation of the contract: where it is, who may call it, and every status it can send. */
export const operations = {
  "getUserInfo": {
    "method": "GET",
    "path": "/user_info/",
    "whoMayCall": "anyone",
    "needsKey": true,
    "readOnlyKey": "allowed",
    "hasBody": false,
    "queryDefaults": {},
    "statuses": [
      200,
      400,
      401,
      405,
      429,
      500,
      503
    ]
  },
  "listUsers": {
    "method": "GET",
    "path": "/user/",
    "whoMayCall": "anyone",
    "needsKey": true,
    "readOnlyKey": "allowed",
    "hasBody": false,
    "queryDefaults": {
      "limit": 20,
      "offset": 0
    },
    "statuses": [
      200,
      400,
      401,
      405,
      429,
      500,
      503
    ]
  },
  "createUser": {
    "method": "POST",
    "path": "/user/",
    "whoMayCall": "managers",
    "needsKey": true,
    "readOnlyKey": "refused",
    "hasBody": true,
    "queryDefaults": {},
    "statuses": [
      201,
      400,
      401,
      403,
      405,
      409,
      413,
      415,
      422,
      429,
      500,
      503
    ]
  },
  "getUser": {
    "method": "GET",
    "path": "/user/{user_id}/",
    "whoMayCall": "anyone",
    "needsKey": true,
    "readOnlyKey": "allowed",
    "hasBody": false,
    "queryDefaults": {},
    "statuses": [
      200,
      400,
      401,
      404,
      405,
      429,
      500,
      503
    ]
  },
  "updateUser": {
    "method": "PUT",
    "path": "/user/{user_id}/",
    "whoMayCall": "managers-or-self",
    "needsKey": true,
    "readOnlyKey": "refused",
    "hasBody": true,
    "queryDefaults": {},
    "statuses": [
      200,
      400,
      401,
      403,
      404,
      405,
      412,
      413,
      415,
      429,
      500,
      503
    ]
  },
  "partialUpdateUser": {
    "method": "PATCH",
    "path": "/user/{user_id}/",
    "whoMayCall": "managers-or-self",
    "needsKey": true,
    "readOnlyKey": "refused",
    "hasBody": true,
    "queryDefaults": {},
    "statuses": [
      200,
      400,
      401,
      403,
      404,
      405,
      412,
      413,
      415,
      429,
      500,
      503
    ]
  },
  "deleteUser": {
    "method": "DELETE",
    "path": "/user/{user_id}/",
    "whoMayCall": "managers-not-self",
    "needsKey": true,
    "readOnlyKey": "refused",
    "hasBody": false,
    "queryDefaults": {},
    "statuses": [
      204,
      400,
      401,
      403,
      404,
      405,
      412,
      413,
      429,
      500,
      503
    ]
  },
  "listAuditEntries": {
    "method": "GET",
    "path": "/audit/",
    "whoMayCall": "managers",
    "needsKey": true,
    "readOnlyKey": "allowed",
    "hasBody": false,
    "queryDefaults": {
      "limit": 20,
      "order": "oldest"
    },
    "statuses": [
      200,
      400,
      401,
      403,
      405,
      429,
      500,
      503
    ]
  },
  "login": {
    "method": "POST",
    "path": "/login/",
    "whoMayCall": "without-key",
    "needsKey": false,
    "readOnlyKey": "refused",
    "hasBody": true,
    "queryDefaults": {},
    "statuses": [
      200,
      400,
      401,
      405,
      413,
      415,
      429,
      500,
      503
    ]
  },
  "getTokenInfo": {
    "method": "GET",
    "path": "/v1/token-info/",
    "whoMayCall": "anyone",
    "needsKey": true,
    "readOnlyKey": "allowed",
    "hasBody": false,
    "queryDefaults": {},
    "statuses": [
      200,
      400,
      401,
      405,
      429,
      500,
      503
    ]
  },
  "listApiKeys": {
    "method": "GET",
    "path": "/user/{user_id}/api_key/",
    "whoMayCall": "managers-or-self",
    "needsKey": true,
    "readOnlyKey": "allowed",
    "hasBody": false,
    "queryDefaults": {
      "limit": 20,
      "offset": 0
    },
    "statuses": [
      200,
      400,
      401,
      403,
      404,
      405,
      429,
      500,
      503
    ]
  },
  "createApiKey": {
    "method": "POST",
    "path": "/user/{user_id}/api_key/",
    "whoMayCall": "self",
    "needsKey": true,
    "readOnlyKey": "refused",
    "hasBody": true,
    "queryDefaults": {},
    "statuses": [
      201,
      400,
      401,
      403,
      405,
      409,
      413,
      415,
      429,
      500,
      503
    ]
  },
  "rotateApiKey": {
    "method": "POST",
    "path": "/user/{user_id}/api_key/{api_key_id}/rotate/",
    "whoMayCall": "self",
    "needsKey": true,
    "readOnlyKey": "itself",
    "hasBody": false,
    "queryDefaults": {},
    "statuses": [
      201,
      400,
      401,
      403,
      404,
      405,
      409,
      413,
      429,
      500,
      503
    ]
  },
  "revokeApiKey": {
    "method": "DELETE",
    "path": "/user/{user_id}/api_key/{api_key_id}/",
    "whoMayCall": "managers-or-self",
    "needsKey": true,
    "readOnlyKey": "itself",
    "hasBody": false,
    "queryDefaults": {},
    "statuses": [
      204,
      400,
      401,
      403,
      404,
      405,
      413,
      429,
      500,
      503
    ]
  },
  "logout": {
    "method": "POST",
    "path": "/logout/",
    "whoMayCall": "anyone",
    "needsKey": true,
    "readOnlyKey": "allowed",
    "hasBody": false,
    "queryDefaults": {},
    "statuses": [
      204,
      400,
      401,
      405,
      413,
      429,
      500,
      503
    ]
  }
} as const
