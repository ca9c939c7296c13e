# What the comparisons share; they source it from the root of the tree. Leaves nothing behind.
gauntlet=$PWD/build/release/gauntlet
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

# The call that all generators send; a stateless one has $meta in its params.
arguments='{"message":"0123456789abcdef The answer has to carry this back, with about a hundred bytes of text to it."}'
meta='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"gauntlet","version":"0.1.0"},"io.modelcontextprotocol/clientCapabilities":{}}'
call='{"jsonrpc":"2.0","id":1000000000,"method":"tools/call","params":{"name":"echo","arguments":'$arguments
stateless_headers=(MCP-Protocol-Version=2026-07-28 Mcp-Method=tools/call Mcp-Name=echo)

lua() { # FILE BODY HEADER=VALUE…: what wrk sends
  printf 'wrk.method = "POST"\nwrk.body = [[%s]]\n' "$2" >"$1"
  printf 'wrk.headers["%s"] = "%s"\n' Content-Type application/json \
    Accept 'application/json, text/event-stream' >>"$1"
  local header
  for header in "${@:3}"; do printf 'wrk.headers["%s"] = "%s"\n' "${header%%=*}" "${header#*=}" >>"$1"; done
}

ask() { # URL: the answer to the stateless call
  local header lines=(-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream')
  for header in "${stateless_headers[@]}"; do lines+=(-H "${header/=/: }"); done
  curl -s "$1" "${lines[@]}" -d "$call,$meta}}"
}

serve_static() { # ANSWER: nginx gives it to everyone, on core 0
  cat >"$work/nginx.conf" <<NGINX
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work;
  uwsgi_temp_path $work; scgi_temp_path $work;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:21081 backlog=4096;
    location / { default_type application/json; return 200 '$1'; }
  }
}
NGINX
  taskset -c 0 nginx -c "$work/nginx.conf" -e "$work/error.log" &
  pids+=($!)
  sleep 0.5
  [ "$(curl -s http://127.0.0.1:21081/mcp)" = "$1" ] || { echo 'nginx does not answer' >&2; exit 1; }
}
