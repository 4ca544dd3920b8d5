/** `__Host-`: set by this host only, over TLS, for every path. The value is an opaque token. */
export const SESSION_COOKIE = '__Host-sceau.session'
