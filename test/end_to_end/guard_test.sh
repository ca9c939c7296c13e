#!/usr/bin/env bash
# TLS and bearer tokens of `gauntlet serve`, seen by curl and openssl.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

certificate() {  # NAME: NAME.pem and NAME.key
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "$work/$1.key" -out "$work/$1.pem" \
    2>/dev/null
}

start() {  # OPTION…: sets $server and $url
  "$GAUNTLET" serve --http 127.0.0.1:auto "$@" >"$work/out" 2>"$work/err" &
  server=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^gauntlet serve: listening on \(http.*\)/\1/p' "$work/out")
    if [ -n "$url" ]; then return; fi
    sleep 0.1
  done
  cat "$work/err" >&2
  exit 1
}

stop() {
  kill "$server"
  wait "$server"
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

expect() {  # WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

refused() {  # TEXT OPTION…: the server does not start, and says TEXT
  local text=$1 status=0
  shift
  timeout 20 "$GAUNTLET" serve "$@" >"$work/out" 2>"$work/err" || status=$?
  expect "exit code with $*" 2 "$status"
  grep -qF "$text" "$work/err" || fail "no '$text' in: $(cat "$work/err")"
}

ping='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
call() {  # CURL_OPTION…: an initialize
  curl -sS --max-time 20 --noproxy '*' --cacert "$work/one.pem" -H 'Content-Type: application/json' \
    -H 'Accept: application/json, text/event-stream' -d "$ping" "$@"
}
status() { call -o "$work/body" -w '%{http_code}' "$@"; }

certificate one
certificate other

start --tls-cert "$work/one.pem" --tls-key "$work/one.key"
case $url in https://127.0.0.1:*/mcp) ;; *) fail "announced as $url" ;; esac
grep -qF "\"url\":\"$url\"" "$work/out"
expect 'over TLS' 200 "$(status "$url")"
grep -qF '"protocolVersion"' "$work/body"
grep -qF 'TLSv1.3' <(call -v -o /dev/null "$url" 2>&1) || fail 'no TLS 1.3'
if call --cacert "$work/other.pem" "$url" >/dev/null 2>&1; then fail 'another certificate passed'; fi
if call --http2 --tls-max 1.2 "$url" >/dev/null 2>&1; then fail 'TLS 1.2 passed'; fi
if call "http${url#https}" >/dev/null 2>&1; then fail 'plain HTTP was answered'; fi
authority=${url#https://}
for seconds in 2 8 30; do  # until its session has come, which follows the handshake
  agreed=$(sleep $seconds | openssl s_client -connect "${authority%/mcp}" -alpn h2,http/1.1 2>/dev/null)
  if grep -qF 'Max Early Data' <<<"$agreed"; then break; fi
done
grep -qF 'ALPN protocol: http/1.1' <<<"$agreed" || fail 'ALPN'
grep -qF 'Secure Renegotiation IS NOT supported' <<<"$agreed" || fail 'renegotiation'
grep -qF 'Max Early Data: 0' <<<"$agreed" || fail 'early data'
expect 'after all of this' 200 "$(status "$url")"
stop

refused "private key '$work/other.key': key values mismatch" \
  --tls-cert "$work/one.pem" --tls-key "$work/other.key"
refused "certificate '$work/none.pem': No such file" \
  --tls-cert "$work/none.pem" --tls-key "$work/one.key"
refused "cannot guard newline JSON on tcp://127.0.0.1:20000" \
  --tcp 127.0.0.1:20000 --auth "token-file:$work/tokens"
refused "cannot read '$work/none'" --auth "token-file:$work/none"
refused 'neither token-file:PATH nor jwks:PATH' --auth secret

token=0123456789abcdef0123456789abcdef
echo "$token alice mcp" >"$work/tokens"
echo "fedcba9876543210 bob other" >>"$work/tokens"
start --tls-cert "$work/one.pem" --tls-key "$work/one.key" --auth "token-file:$work/tokens" \
  --auth-server https://issuer.example
expect 'without a token' 401 "$(status -D "$work/head" "$url")"
root=${url%/mcp}
where="$root/.well-known/oauth-protected-resource"
grep -qiF "WWW-Authenticate: Bearer resource_metadata=\"$where/mcp\", scope=\"mcp\"" "$work/head" ||
  fail "$(cat "$work/head")"
for path in "$where" "$where/mcp"; do
  expect metadata "{\"resource\":\"$url\",\"bearer_methods_supported\":[\"header\"],\"scopes_supported\":[\"mcp\"],\"authorization_servers\":[\"https://issuer.example\"]}" \
    "$(curl -sS --noproxy '*' --cacert "$work/one.pem" "$path")"
done
expect 'with a token' 200 "$(status -H "Authorization: Bearer $token" "$url")"
expect 'with a wrong token' 401 "$(status -H "Authorization: Bearer x$token" "$url")"
expect 'with another scope' 403 "$(status -H 'Authorization: Bearer fedcba9876543210' "$url")"
expect 'with a token in the query' 400 "$(status "$url?access_token=$token")"
expect 'DELETE without a token' 401 "$(status -X DELETE "$url")"
expect 'GET without a token' 401 "$(status -X GET "$url")"
expect '/health' 200 "$(curl -sS -o /dev/null -w '%{http_code}' --noproxy '*' --cacert "$work/one.pem" "$root/health")"
if grep -rqF "$token" "$work/out" "$work/err"; then fail 'a token was printed'; fi
stop
