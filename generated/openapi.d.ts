// Generated from openapi.yaml by `make generate`. Do not edit.

export interface paths {
    "/user_info/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * User information
         * @description Returns the caller, with the key it presented in `token`. Anyone with a key may call it. Both headers are optional; a header that is sent must match, or the answer is 401.
         */
        get: operations["getUserInfo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users in Enterprise
         * @description Returns one page of the users that the caller may see, by ascending `id`: all users of the enterprise for those who manage users, only themself for anyone else. Read `count`, then fetch any offsets, in any order or all at once: while nothing changes, each user comes exactly once.
         */
        get: operations["listUsers"];
        put?: never;
        /**
         * Create a new User
         * @description Creates a user in the caller's enterprise. Only those who manage users may call it. Two users of an enterprise never share a name or an address, however many requests are made at once: one gets 201, the others 400 with the code `duplicate`. With an `Idempotency-Key` the request may be sent again until it is answered: of all requests of one caller with one key and one body, one creates the user, and the others get its answer.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/{user_id}/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get User Information
         * @description Returns one user. Those who manage users may read every user of their enterprise, anyone else only themself. A user of another enterprise, one that the caller may not see, and one that is not there all answer 404.
         */
        get: operations["getUser"];
        /**
         * Update a User
         * @description Changes a user. `username` and `profile` are required; an optional field that is absent, also one inside `profile`, keeps its value. Those who manage users may change every user of their enterprise (superusers only if they are one themself); anyone else may send their own user with a new `first_name`, `last_name` or `password`. Read-only fields are ignored, so a user can be sent back as it was read. Nobody may deactivate or demote themself.
         */
        put: operations["updateUser"];
        post?: never;
        /**
         * Delete a user
         * @description Deletes a user and all its keys. Only those who manage users may call it, nobody for themself, and only a superuser for a superuser. A body is not needed; one that is sent is ignored, up to 262,144 bytes.
         */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        /**
         * Partial update a User
         * @description Changes the fields that are sent and keeps the others, also inside `profile`. Who may change what is as for PUT. An empty object, or one that repeats the user's values, answers 200 and changes nothing, not even `updated_on`. A password counts as a change always.
         */
        patch: operations["partialUpdateUser"];
        trace?: never;
    };
    "/audit/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit trail of the Enterprise
         * @description Returns entries of the audit trail: one for every change that was made in the caller's enterprise, written in the same transaction as the change, and never changed again. Only those who manage users may call it. `seq` counts the entries of the enterprise without a gap, so an entry's place never moves: to go on, follow `next`, or send the last `seq` as `after`. Entries keep the names and addresses of people who are gone since; the operator removes old entries.
         */
        get: operations["listAuditEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/login/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Answers a key for the user whose name and password are sent, and sets `last_login`. In place of the name the address counts, once it is verified. The key lives 12 hours where the operator set nothing else; who has too many of them loses the oldest. Every refusal is the same 401, whatever was wrong. After too many of them for a name, or altogether, the network that they came from is answered with 429 for a while, whether the password is right or not; but where somebody signed in before, the failures of others do not count against them.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/token-info/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Token information
         * @description Returns what the presented key is and whose. Command-line clients of the platform call it when they are set up. Anyone with a key may call it.
         */
        get: operations["getTokenInfo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/{user_id}/api_key/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the keys of a user
         * @description Returns one page of the keys of a user that are neither revoked nor expired, oldest first, those of sign-ins included; never a secret. For one's own keys, and those of users whom the caller may change.
         */
        get: operations["listApiKeys"];
        put?: never;
        /**
         * Make a key
         * @description Makes a key for the caller itself; nobody makes one for somebody else, and a read-only key makes none. The answer is the only one that ever has the secret. A user has a limited number of keys at a time, 50 where the operator set nothing else (409).
         */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/{user_id}/api_key/{api_key_id}/rotate/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate a key
         * @description Gives one of the caller's own keys a new secret: a new key of the same name, scope and expiry. The old one works for an overlap, a day where the operator set nothing else, but not longer than it would have, and makes and rotates nothing meanwhile. Of two rotations of a key at once one gets 201, the other 409. A read-only key may rotate itself alone. A body is not needed; one that is sent is ignored, up to 262,144 bytes.
         */
        post: operations["rotateApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/{user_id}/api_key/{api_key_id}/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description Revokes a key at once: the next request with it is refused. For one's own keys, and those of users whom the caller may change. A read-only key may revoke itself alone. A key that is revoked or expired already is not there (404). A body is not needed; one that is sent is ignored, up to 262,144 bytes.
         */
        delete: operations["revokeApiKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logout/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Revokes the presented key, however it came to be and whatever its scope. A body is not needed; one that is sent is ignored, up to 262,144 bytes.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A key, as listed. Never its secret. */
        ApiKey: {
            /**
             * Format: uuid
             * @description The id of the key, for its path.
             * @example 0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10
             */
            id: string;
            /**
             * @description The name that it was given; empty for one of the first release.
             * @example nightly report
             */
            name: string;
            /**
             * @description The key up to the fourth character of its secret, to know it by.
             * @example rst_1x2y3z_Ab3d
             */
            prefix: string;
            /**
             * @description How it came to be, by `make` or by a sign-in. A change of the password revokes those of sign-ins. Values can be added.
             * @example made
             * @enum {string}
             */
            kind: "made" | "sign-in";
            /**
             * @description It may only read, and rotate and revoke itself.
             * @example true
             */
            read_only: boolean;
            /**
             * Format: date-time
             * @description When the key was made, in UTC.
             * @example 2026-01-05T10:00:00.000Z
             */
            created_on: string;
            /**
             * Format: date-time
             * @description Until when it works, in UTC.
             * @example 2028-10-01T10:00:00.000Z
             */
            expires_on: string;
            /**
             * Format: date-time
             * @description When it was last used, to the minute or so, in UTC; null for never.
             * @example null
             */
            last_used_on: string | null;
            /**
             * Format: date-time
             * @description When it was rotated, in UTC; null where it was not. It works until `expires_on`.
             * @example null
             */
            replaced_on: string | null;
        };
        /** @description A key that was made just now, with its secret. */
        ApiKeyMade: {
            /**
             * Format: uuid
             * @description The id of the key, for its path.
             * @example 0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10
             */
            id: string;
            /**
             * @description The name that it was given; empty for one of the first release.
             * @example nightly report
             */
            name: string;
            /**
             * @description The key up to the fourth character of its secret, to know it by.
             * @example rst_1x2y3z_Ab3d
             */
            prefix: string;
            /**
             * @description How it came to be, by `make` or by a sign-in. A change of the password revokes those of sign-ins. Values can be added.
             * @example made
             * @enum {string}
             */
            kind: "made" | "sign-in";
            /**
             * @description It may only read, and rotate and revoke itself.
             * @example true
             */
            read_only: boolean;
            /**
             * Format: date-time
             * @description When the key was made, in UTC.
             * @example 2026-01-05T10:00:00.000Z
             */
            created_on: string;
            /**
             * Format: date-time
             * @description Until when it works, in UTC.
             * @example 2028-10-01T10:00:00.000Z
             */
            expires_on: string;
            /**
             * Format: date-time
             * @description When it was last used, to the minute or so, in UTC; null for never.
             * @example null
             */
            last_used_on: string | null;
            /**
             * Format: date-time
             * @description When it was rotated, in UTC; null where it was not. It works until `expires_on`.
             * @example null
             */
            replaced_on: string | null;
            /**
             * @description The key itself. It is shown this once.
             * @example rst_EXAMPLE_the-key-that-was-made
             */
            key: string;
        };
        /** @description Who signs in. Unknown fields are ignored. */
        Login: {
            /**
             * @description The name of the user, or its verified address.
             * @example carol
             */
            username: string;
            /**
             * Format: password
             * @description The password of the user.
             * @example correct horse battery staple
             */
            password: string;
        };
        /** @description A key for the user who signed in. */
        LoginResult: {
            api_key: components["schemas"]["ApiKeyMade"];
            user: components["schemas"]["User"];
        };
        /** @description One page of keys. */
        ApiKeyList: {
            /**
             * Format: int64
             * @description All keys of the user that are neither revoked nor expired.
             * @example 1
             */
            count: number;
            /**
             * @description The absolute URL of the next page, or null on the last one and past it.
             * @example null
             */
            next: string | null;
            /**
             * @description The absolute URL of the page before, or null at offset 0.
             * @example null
             */
            previous: string | null;
            /** @description The keys of this page, oldest first. */
            results: components["schemas"]["ApiKey"][];
        };
        /** @description A key to make. Unknown fields are ignored. */
        ApiKeyCreate: {
            /**
             * @description What it is for. Two keys may have one name.
             * @example nightly report
             */
            name: string;
            /**
             * Format: int32
             * @description How many days it works; 1,000 when this is absent.
             * @example 30
             */
            expires_days?: number;
            /**
             * @description Whether it may only read. It may read and write when this is absent.
             * @example true
             */
            read_only?: boolean;
        };
        /** @description What the presented key is and whose, in the words of the platform. */
        TokenInfo: {
            /**
             * Format: uuid
             * @description The id of the key.
             * @example 0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10
             */
            id: string;
            /**
             * Format: uuid
             * @description The enterprise of the caller.
             * @example 5b7c1f0e-9a53-4c8e-8d1f-0f3c2a9be411
             */
            enterprise: string;
            /**
             * @description The `id` of the caller, as a string.
             * @example 3
             */
            user: string;
            /**
             * Format: uuid
             * @description Always null, for keys belong to users and not to apps.
             * @example null
             */
            developer_app: string | null;
            /**
             * @description Always null, for there are no refresh tokens.
             * @example null
             */
            source_refresh_token: string | null;
            /**
             * @description The key that was presented.
             * @example rst_EXAMPLE_the-key-that-was-presented
             */
            token: string;
            /**
             * Format: date-time
             * @description Until when the key works, in UTC.
             * @example 2028-10-01T10:00:00.000Z
             */
            expires_on: string;
            /**
             * @description What the key may do, `read` or `read` and `write`. Values can be added.
             * @example [
             *       "read",
             *       "write"
             *     ]
             */
            scope: string[];
            /**
             * Format: date-time
             * @description When the key was made, in UTC.
             * @example 2026-01-05T10:00:00.000Z
             */
            created_on: string;
            /**
             * Format: date-time
             * @description When the key was rotated, else when it was made, in UTC.
             * @example 2026-01-05T10:00:00.000Z
             */
            updated_on: string;
        };
        /**
         * @description What a user may do. `Enterprise Admin` sees and manages all users of the enterprise; the others see only themself. In answers, values can be added.
         * @example Group Viewer
         * @enum {string}
         */
        Role: "Enterprise Admin" | "Viewer" | "Group Admin" | "Group Viewer";
        /** @description The user's place in the enterprise, as answered. */
        UserProfile: {
            role: components["schemas"]["Role"];
            /**
             * @description The groups of the user, in the order they were sent, without duplicates.
             * @example [
             *       "e3b7a0ce-6f5f-4f27-9a4b-6f0e35bd4f6d"
             *     ]
             */
            groups: string[];
            /**
             * @description The id of a role in an authorization system outside Roster, or null.
             * @example null
             */
            authz_role_id: string | null;
            /**
             * Format: uuid
             * @description The enterprise of the user.
             * @example 5b7c1f0e-9a53-4c8e-8d1f-0f3c2a9be411
             */
            enterprise: string;
            /**
             * Format: date-time
             * @description When the user was made, in UTC.
             * @example 2026-01-05T09:00:00.000Z
             */
            created_on: string;
            /**
             * Format: date-time
             * @description When the user last changed, in UTC.
             * @example 2026-01-05T09:00:00.000Z
             */
            updated_on: string;
        };
        /**
         * @description The enrolment of the enterprise in Google EMM; empty when it is not enrolled.
         * @example {}
         */
        Emm: {
            /**
             * @description The id of the enterprise at Google.
             * @example LC01234abc
             */
            google_enterprise_id?: string;
        };
        /** @description A user, as answered. Every field is always present. */
        User: {
            /**
             * Format: int64
             * @description Unique across the whole service.
             * @example 3
             */
            id: number;
            /**
             * @description Unique in the enterprise, without case.
             * @example carol
             */
            username: string;
            /**
             * @description The e-mail address, or empty. Unique in the enterprise, without case, when it is not empty.
             * @example carol@acme.example
             */
            email: string;
            /**
             * @description May be empty.
             * @example Carol
             */
            first_name: string;
            /**
             * @description May be empty.
             * @example Clark
             */
            last_name: string;
            /**
             * @description First and last name joined by one space, trimmed.
             * @example Carol Clark
             */
            full_name: string;
            /**
             * @description The keys and the password of an inactive user are refused at once.
             * @example true
             */
            is_active: boolean;
            /**
             * @description May manage the users of the enterprise. True for the role `Enterprise Admin` and for superusers.
             * @example false
             */
            is_staff: boolean;
            /**
             * @description The owner of the enterprise. Set from the command line only.
             * @example false
             */
            is_superuser: boolean;
            profile: components["schemas"]["UserProfile"];
            emm: components["schemas"]["Emm"];
            /**
             * @description The enterprise is enrolled in Google EMM.
             * @example false
             */
            has_emm: boolean;
            /**
             * Format: date-time
             * @description When the user last signed in with a password, in UTC, or null.
             * @example null
             */
            last_login: string | null;
            /**
             * @description The key that the caller presented, on `/user_info/` alone; null everywhere else.
             * @example null
             */
            token: string | null;
            /**
             * @description Turns false when the address changes.
             * @example false
             */
            is_email_verified: boolean;
        };
        /** @description One page of users. */
        UserList: {
            /**
             * Format: int64
             * @description All users that the caller may see under the filters.
             * @example 3
             */
            count: number;
            /**
             * @description The absolute URL of the next page, or null on the last one and past it. It carries `limit=` and `offset=` in plain digits and keeps the caller's other parameters.
             * @example https://roster.example/api/user/?limit=2&offset=2
             */
            next: string | null;
            /**
             * @description The absolute URL of the page before, or null at offset 0.
             * @example null
             */
            previous: string | null;
            /** @description The users of this page, by ascending `id`. */
            results: components["schemas"]["User"][];
        };
        /** @description The user's place in the enterprise, as sent. Unknown fields are ignored. */
        UserProfileInput: {
            role?: components["schemas"]["Role"];
            /**
             * @description The groups of the user. Duplicates are dropped; after that at most 200 may be left. A new user has none when this is absent.
             * @example [
             *       "e3b7a0ce-6f5f-4f27-9a4b-6f0e35bd4f6d"
             *     ]
             */
            groups?: string[];
            /**
             * @description The id of a role in an authorization system outside Roster, or null for none.
             * @example null
             */
            authz_role_id?: string | null;
            /**
             * Format: uuid
             * @description May be repeated back, but must be the caller's own enterprise.
             * @example 5b7c1f0e-9a53-4c8e-8d1f-0f3c2a9be411
             */
            enterprise?: string;
        };
        /** @description A user as sent to POST and PUT. Lengths are in code points; no string may hold control characters. Unknown fields are ignored. */
        UserCreate: {
            username: components["schemas"]["Username"];
            password?: components["schemas"]["Password"];
            first_name?: components["schemas"]["PersonName"];
            last_name?: components["schemas"]["PersonName"];
            /**
             * @description Is user active. A new user is when this is absent.
             * @example true
             */
            is_active?: boolean;
            email?: components["schemas"]["Email"];
            profile: components["schemas"]["UserProfileInput"];
        };
        /** @description The fields of a user to change, as sent to PATCH. Lengths are in code points; no string may hold control characters. Unknown fields are ignored. */
        UserUpdate: {
            username?: components["schemas"]["Username"];
            password?: components["schemas"]["Password"];
            first_name?: components["schemas"]["PersonName"];
            last_name?: components["schemas"]["PersonName"];
            /**
             * @description Is user active.
             * @example true
             */
            is_active?: boolean;
            email?: components["schemas"]["Email"];
            profile?: components["schemas"]["UserProfileInput"];
        };
        /**
         * @description User name: no control, format, line or paragraph separator characters (Unicode Cc, Cf, Zl, Zp), no invisible ones (Default_Ignorable_Code_Point), and no white space or other blank, as U+2800, at the ends. A user keeps a name that an earlier release accepted until it is changed. Names are compared by NFKC(lower(upper(NFKC(name)))).
         * @example carol
         */
        Username: string;
        /**
         * Format: password
         * @description Password. 8 to 1,024 code points after NFKC (the operator may ask for more than 8); none of the common ones; not the name, the address or its local part, without case. Empty means that none is given, and nothing removes a password that is set.
         * @example correct horse battery staple
         */
        Password: string;
        /**
         * @description First name or last name. May be empty.
         * @example Carol
         */
        PersonName: string;
        /**
         * @description Email, as the HTML standard defines a valid e-mail address; or empty for none.
         * @example carol@acme.example
         */
        Email: string;
        /**
         * @description What was done. In answers, values can be added.
         * @example user.update
         * @enum {string}
         */
        AuditAction: "user.create" | "user.update" | "user.delete" | "user.promote" | "user.demote" | "user.sign_in" | "key.rotate" | "key.create" | "key.revoke" | "client.add" | "client.remove" | "enterprise.create" | "enterprise.enroll_emm" | "audit.prune";
        /** @description Values of the user's place in the enterprise. */
        AuditProfile: {
            role?: components["schemas"]["Role"];
            /**
             * @description The groups of the user.
             * @example []
             */
            groups?: string[];
            /**
             * @description The id of a role in an authorization system outside Roster, or null.
             * @example null
             */
            authz_role_id?: string | null;
        };
        /**
         * @description The values that were changed, under the names that they have elsewhere. Only what changed is here; what was made or removed is here as a whole. Never a password, a key or a hash of one.
         * @example {
         *       "first_name": "Carol"
         *     }
         */
        AuditValues: {
            /**
             * @description The name of the user.
             * @example carol
             */
            username?: string;
            /**
             * @description The e-mail address, or empty.
             * @example carol@acme.example
             */
            email?: string;
            /**
             * @description May be empty.
             * @example Carol
             */
            first_name?: string;
            /**
             * @description May be empty.
             * @example Clark
             */
            last_name?: string;
            /**
             * @description Is user active.
             * @example true
             */
            is_active?: boolean;
            /**
             * @description The owner of the enterprise.
             * @example false
             */
            is_superuser?: boolean;
            /**
             * @description The address was verified.
             * @example false
             */
            is_email_verified?: boolean;
            profile?: components["schemas"]["AuditProfile"];
            /**
             * @description A password was set. In answers, values can be added.
             * @example changed
             * @enum {string}
             */
            password?: "changed";
            /**
             * @description The display prefix of the key.
             * @example rst_2iaa63py5k_6piU
             */
            prefix?: string;
            /**
             * Format: date-time
             * @description When the key expires, in UTC.
             * @example 2026-01-05T09:00:00.000Z
             */
            expires_on?: string;
            /**
             * @description The key is revoked.
             * @example true
             */
            revoked?: boolean;
            /**
             * @description The name of the client or the enterprise.
             * @example acme
             */
            name?: string;
            /**
             * @description The id of the enterprise at Google, or null when it is not enrolled.
             * @example LC01234abc
             */
            google_enterprise_id?: string | null;
            /**
             * Format: int64
             * @description The entries up to this one are removed.
             * @example 40
             */
            pruned_seq?: number;
            /**
             * @description The hash of the last entry that is removed, from which the chain goes on.
             * @example 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
             */
            pruned_hash?: string;
        };
        /** @description One change. `hash` is the SHA-256 of all other fields, serialised as RFC 8785 says; `prev` is the `hash` of the entry before. */
        AuditEntry: {
            /**
             * Format: uuid
             * @description The enterprise in which it happened.
             * @example 5b7c1f0e-9a53-4c8e-8d1f-0f3c2a9be411
             */
            enterprise: string;
            /**
             * Format: int64
             * @description The place of the entry in the enterprise's trail, counted from 1 without a gap.
             * @example 41
             */
            seq: number;
            /**
             * Format: date-time
             * @description When it happened, in UTC, with six digits of a second.
             * @example 2026-01-05T09:45:00.000000Z
             */
            created_on: string;
            action: components["schemas"]["AuditAction"];
            /**
             * @description Whether it came over the API, or from an operator on the command line. In answers, values can be added.
             * @example api
             * @enum {string}
             */
            source: "api" | "cli";
            /**
             * Format: int64
             * @description The user who did it; null on the command line.
             * @example 1
             */
            actor_id: number | null;
            /**
             * @description The display prefix of the key that it was done with, or null.
             * @example rst_2iaa63py5k_6piU
             */
            key_prefix: string | null;
            /**
             * @description The `X-Request-Id` of the request, or null.
             * @example 0b0f4c2e-8a55-4d3c-9d55-3c1f2a7f9a10
             */
            request_id: string | null;
            /**
             * @description What was changed. In answers, values can be added.
             * @example user
             * @enum {string}
             */
            target_type: "user" | "key" | "client" | "enterprise";
            /**
             * @description Which one; the id of a user, the display prefix of a key, the name of a client, the uuid of an enterprise.
             * @example 3
             */
            target: string;
            /**
             * Format: int64
             * @description The user that it is about, the owner of a key included; null where there is none.
             * @example 3
             */
            user_id: number | null;
            before: components["schemas"]["AuditValues"];
            after: components["schemas"]["AuditValues"];
            /**
             * @description The hash of the entry before, in hexadecimal; 64 zeros in the first one.
             * @example 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
             */
            prev: string;
            /**
             * @description The hash of this entry, in hexadecimal.
             * @example d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35
             */
            hash: string;
        };
        /** @description One page of the audit trail. */
        AuditEntryList: {
            /**
             * @description The absolute URL of the page that follows, or null where there is none yet. It carries `limit=` and `after=` and keeps the caller's other parameters.
             * @example https://roster.example/api/audit/?limit=2&after=42
             */
            next: string | null;
            /** @description The entries of this page. */
            results: components["schemas"]["AuditEntry"][];
        };
        /** @description What went wrong. The body of every answer with a status of 400 or more. */
        Error: {
            /**
             * @description One string a fault, as `field: what is wrong` where it is one of a field.
             * @example [
             *       "username: is required"
             *     ]
             */
            errors: string[];
            /**
             * @description The fault in one sentence, for people.
             * @example The request is not valid.
             */
            message: string;
            /**
             * Format: int32
             * @description The HTTP status.
             * @example 400
             */
            status: number;
            code: components["schemas"]["ErrorCode"];
            /**
             * @description The same as the header `X-Request-Id`.
             * @example 0b0f4c2e-8a55-4d3c-9d55-3c1f2a7f9a10
             */
            request_id: string;
        };
        /**
         * @description The fault as a stable word, for programs. Values can be added.
         *
         *     | code | status | meaning |
         *     |---|---|---|
         *     | `malformed_request` | 400 | not well-formed HTTP, or no well-formed `Host` |
         *     | `malformed_json` | 400 | the body is no UTF-8, no JSON, or nested deeper than 20 |
         *     | `validation_failed` | 400 | a parameter or a field breaks the contract |
         *     | `weak_password` | 400 | the password is too short for this server, common, or like the name or address |
         *     | `duplicate` | 400 | the name or address belongs to another user |
         *     | `not_authenticated` | 401 | no key was sent |
         *     | `invalid_credentials` | 401 | the key, the client or the tenant is not valid |
         *     | `forbidden` | 403 | the caller may not do this |
         *     | `not_found` | 404 | no such path or user |
         *     | `method_not_allowed` | 405 | the path has no such method |
         *     | `idempotency_conflict` | 409 | a request with this `Idempotency-Key` is under way; try again |
         *     | `already_rotated` | 409 | the key was rotated before |
         *     | `too_many_keys` | 409 | the user has as many keys as it may have |
         *     | `precondition_failed` | 412 | the user has none of the tags of `If-Match` |
         *     | `payload_too_large` | 413 | the body is over 262,144 bytes |
         *     | `unsupported_media_type` | 415 | the body is not `application/json` |
         *     | `idempotency_mismatch` | 422 | this `Idempotency-Key` came with another body or API key before |
         *     | `rate_limited` | 429 | the address or the key sent too many requests; try again after `Retry-After` |
         *     | `too_many_attempts` | 429 | too many failed sign-ins; try again after `Retry-After` |
         *     | `internal_error` | 500 | a fault of the server |
         *     | `unavailable` | 503 | the server can't answer now; try again |
         * @example validation_failed
         * @enum {string}
         */
        ErrorCode: "malformed_request" | "malformed_json" | "validation_failed" | "weak_password" | "duplicate" | "not_authenticated" | "invalid_credentials" | "forbidden" | "not_found" | "method_not_allowed" | "idempotency_conflict" | "already_rotated" | "too_many_keys" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "idempotency_mismatch" | "rate_limited" | "too_many_attempts" | "internal_error" | "unavailable";
    };
    responses: {
        /** @description The state of the keys is against it. */
        Conflict: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Too many sign-ins failed. Try again after `Retry-After`. */
        TooManyAttempts: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Bad request. The request is not well-formed HTTP, or its `Host` is missing or malformed. */
        MalformedRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Bad request. `If-Match` is malformed, or the request is not well-formed HTTP. */
        BadCondition: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Bad request. A query parameter breaks the contract, or the request is not well-formed HTTP. */
        BadQuery: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Bad request. All faults that need no stored data come together; then name and address that are taken. */
        BadRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Authorization information is missing or invalid */
        Unauthorized: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Forbidden, no permission to perform this action */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Not Found */
        NotFound: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The path of this operation was called with a method that it does not have, HEAD and OPTIONS included. */
        MethodNotAllowed: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                Allow: components["headers"]["Allow"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A request with this `Idempotency-Key` is under way. Try again. */
        IdempotencyConflict: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The user has none of the tags of `If-Match`, for it has changed. Nothing was changed now. */
        PreconditionFailed: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is over 262,144 bytes. */
        PayloadTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is not `application/json` in UTF-8. */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description This `Idempotency-Key` came with another body or another API key of the caller before. */
        IdempotencyMismatch: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The address or the key sent more requests than the operator allows. Sent only where a limit is set. */
        RateLimited: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Internal server error */
        InternalError: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The server can't answer now, for example because its database can't be reached. Try again. */
        Unavailable: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /**
         * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
         * @example 3
         */
        user_id: number;
        /**
         * @description The `ETag` of the user as it was read, or a list of them (RFC 9110, section 13.1.1): where the user was edited since, the answer is 412 and nothing changes. A sign-in is no edit: an earlier tag stays valid. `*` matches any existing user. A weak tag (`W/"…"`) never matches. What is malformed is answered with 400.
         * @example "75078.2026-01-05T09:45:00.000Z"
         */
        "If-Match": string;
        /**
         * @description A key that the client makes for this request, as a UUID, and sends again with each repetition of it (draft-ietf-httpapi-idempotency-key-header): 1 to 255 visible ASCII characters as a string in quotes, or as they are without `"`, `,`, `;` and `\`; anything else is answered with 400. The same key and the same body, whatever the order of its fields, get the first answer again, with `Idempotency-Replayed`; another body gets 422, as does another API key of the caller; while the first request is under way, 409. Keys are of one caller and one operation. Only a success is kept, for 24 hours unless the operator sets another time: after any other answer the key is free, and so it is when the user that was created is deleted. Who may not create users any more gets 401 or 403, not the answer.
         * @example "8e03978e-40d5-43dd-bc93-6894a57f9324"
         */
        "Idempotency-Key": string;
        /**
         * @description Key ID, a UUID in lower case. Anything else names no key and is answered with 404.
         * @example 0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10
         */
        api_key_id: string;
        /**
         * @description How many a page. In plain decimal digits; empty or given twice is 400.
         * @example 20
         */
        limit: number;
        /**
         * @description How many to skip. In plain decimal digits; empty or given twice is 400.
         * @example 0
         */
        offset: number;
    };
    requestBodies: never;
    headers: {
        /**
         * @description The id of this request, to find it in the server's log. Yours if you sent a well-formed one.
         * @example 0b0f4c2e-8a55-4d3c-9d55-3c1f2a7f9a10
         */
        "X-Request-Id": string;
        /**
         * @description Answers hold data of people, so no cache may keep them.
         * @example no-store
         */
        "Cache-Control": "no-store";
        /**
         * @description The state of the user (RFC 9110, section 8.8.3): a strong tag, another one after each change and each sign-in. Send it back as `If-Match`.
         * @example "75078.2026-01-05T09:45:00.000Z"
         */
        ETag: string;
        /**
         * @description This is the answer to an earlier request with this `Idempotency-Key`; absent where it is not.
         * @example true
         */
        "Idempotency-Replayed": "true";
        /**
         * @description The limits that the operator has set, each with its requests `q` in a window of `w` seconds (draft-ietf-httpapi-ratelimit-headers-10). Absent where none is set.
         * @example "key";q=600;w=60
         */
        "RateLimit-Policy": string;
        /**
         * @description How the caller stands with the limits that counted this request: `r` requests are left, and the window ends in `t` seconds (draft-ietf-httpapi-ratelimit-headers-10). Absent where no limit is set.
         * @example "key";r=599;t=60
         */
        RateLimit: string;
        /**
         * @description How to authenticate (RFC 9110, section 11.6.1).
         * @example Bearer
         */
        "WWW-Authenticate": "Bearer";
        /**
         * @description The methods of this path (RFC 9110, section 10.2.1).
         * @example GET, POST
         */
        Allow: string;
        /**
         * @description Seconds to wait before the next try (RFC 9110, section 10.2.3).
         * @example 1
         */
        "Retry-After": number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getUserInfo: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description A client that is registered for the enterprise. Anything else is answered with 401.
                 * @example console
                 */
                "X-Client-Id"?: string;
                /**
                 * @description The name of the caller's enterprise. Anything else is answered with 401.
                 * @example acme
                 */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description User Info */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["Unauthorized"];
            405: components["responses"]["MethodNotAllowed"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /**
                 * @description Users a page. In plain decimal digits; empty or given twice is 400.
                 * @example 20
                 */
                limit?: number;
                /**
                 * @description How many users to skip. In plain decimal digits; empty or given twice is 400.
                 * @example 0
                 */
                offset?: number;
                /**
                 * @description Only the user of this name, compared as names are, without case. Empty or given twice is 400.
                 * @example alice
                 */
                username?: string;
                /**
                 * @description Only the user with this address, compared without case. Empty or given twice is 400.
                 * @example alice@acme.example
                 */
                email?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Users List */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    /**
                     * @description The links of the body as `rel="next"` and `rel="prev"` (RFC 8288); absent where there are none.
                     * @example <https://roster.example/api/user/?limit=2&offset=2>; rel="next"
                     */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            400: components["responses"]["BadQuery"];
            401: components["responses"]["Unauthorized"];
            405: components["responses"]["MethodNotAllowed"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description A key that the client makes for this request, as a UUID, and sends again with each repetition of it (draft-ietf-httpapi-idempotency-key-header): 1 to 255 visible ASCII characters as a string in quotes, or as they are without `"`, `,`, `;` and `\`; anything else is answered with 400. The same key and the same body, whatever the order of its fields, get the first answer again, with `Idempotency-Replayed`; another body gets 422, as does another API key of the caller; while the first request is under way, 409. Keys are of one caller and one operation. Only a success is kept, for 24 hours unless the operator sets another time: after any other answer the key is free, and so it is when the user that was created is deleted. Who may not create users any more gets 401 or 403, not the answer.
                 * @example "8e03978e-40d5-43dd-bc93-6894a57f9324"
                 */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description The new user. At most 262,144 bytes. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserCreate"];
            };
        };
        responses: {
            /** @description User Created */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["IdempotencyConflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["IdempotencyMismatch"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description User Details */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the user as it was read, or a list of them (RFC 9110, section 13.1.1): where the user was edited since, the answer is 412 and nothing changes. A sign-in is no edit: an earlier tag stays valid. `*` matches any existing user. A weak tag (`W/"…"`) never matches. What is malformed is answered with 400.
                 * @example "75078.2026-01-05T09:45:00.000Z"
                 */
                "If-Match"?: components["parameters"]["If-Match"];
            };
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
            };
            cookie?: never;
        };
        /** @description The user as it shall be. At most 262,144 bytes. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserCreate"];
            };
        };
        responses: {
            /** @description Updated User */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the user as it was read, or a list of them (RFC 9110, section 13.1.1): where the user was edited since, the answer is 412 and nothing changes. A sign-in is no edit: an earlier tag stays valid. `*` matches any existing user. A weak tag (`W/"…"`) never matches. What is malformed is answered with 400.
                 * @example "75078.2026-01-05T09:45:00.000Z"
                 */
                "If-Match"?: components["parameters"]["If-Match"];
            };
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted User */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadCondition"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    partialUpdateUser: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the user as it was read, or a list of them (RFC 9110, section 13.1.1): where the user was edited since, the answer is 412 and nothing changes. A sign-in is no edit: an earlier tag stays valid. `*` matches any existing user. A weak tag (`W/"…"`) never matches. What is malformed is answered with 400.
                 * @example "75078.2026-01-05T09:45:00.000Z"
                 */
                "If-Match"?: components["parameters"]["If-Match"];
            };
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
            };
            cookie?: never;
        };
        /** @description The fields to change. At most 262,144 bytes. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserUpdate"];
            };
        };
        responses: {
            /** @description Partial updated User */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    ETag: components["headers"]["ETag"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAuditEntries: {
        parameters: {
            query?: {
                /**
                 * @description Entries a page. In plain decimal digits; empty or given twice is 400.
                 * @example 20
                 */
                limit?: number;
                /**
                 * @description Only entries that come after the one with this `seq`, in the order of `order`.
                 * @example 41
                 */
                after?: number;
                /**
                 * @description Whether the oldest or the newest entries come first.
                 * @example oldest
                 */
                order?: "oldest" | "newest";
                /**
                 * @description Only entries about this user and its keys.
                 * @example 3
                 */
                user_id?: number;
                /**
                 * @description Only changes that this user made.
                 * @example 1
                 */
                actor_id?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Audit entries */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    /**
                     * @description The link of the body as `rel="next"` (RFC 8288); absent where there is none.
                     * @example <https://roster.example/api/audit/?limit=2&after=42>; rel="next"
                     */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntryList"];
                };
            };
            400: components["responses"]["BadQuery"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            405: components["responses"]["MethodNotAllowed"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The name of the enterprise. Where it is absent or unknown the answer is 401.
                 * @example acme
                 */
                "X-Tenant": string;
                /**
                 * @description A client that is registered for the enterprise. Anything else is answered with 401.
                 * @example console
                 */
                "X-Client-Id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description Who signs in. At most 262,144 bytes. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Signed In */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyAttempts"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTokenInfo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Token Information */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenInfo"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["Unauthorized"];
            405: components["responses"]["MethodNotAllowed"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listApiKeys: {
        parameters: {
            query?: {
                /**
                 * @description How many a page. In plain decimal digits; empty or given twice is 400.
                 * @example 20
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description How many to skip. In plain decimal digits; empty or given twice is 400.
                 * @example 0
                 */
                offset?: components["parameters"]["offset"];
            };
            header?: never;
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Keys List */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    /**
                     * @description The links of the body as `rel="next"` and `rel="prev"` (RFC 8288); absent where there are none.
                     * @example <https://roster.example/api/user/3/api_key/?limit=2&offset=2>; rel="next"
                     */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
            400: components["responses"]["BadQuery"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
            };
            cookie?: never;
        };
        /** @description The new key. At most 262,144 bytes. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyCreate"];
            };
        };
        responses: {
            /** @description Key Made */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyMade"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
                /**
                 * @description Key ID, a UUID in lower case. Anything else names no key and is answered with 404.
                 * @example 0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10
                 */
                api_key_id: components["parameters"]["api_key_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Key Rotated */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyMade"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description User ID, in canonical decimal: digits without sign, leading zero or fraction. Anything else names no user and is answered with 404.
                 * @example 3
                 */
                user_id: components["parameters"]["user_id"];
                /**
                 * @description Key ID, a UUID in lower case. Anything else names no key and is answered with 404.
                 * @example 0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10
                 */
                api_key_id: components["parameters"]["api_key_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Key Revoked */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed Out */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["Unauthorized"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
}
