# Part of nginx/standalone: what `make run` does once the hub answers. It mirrors one repository
# and shows how to use it. Without URL that is this checkout, offered by a git daemon on loopback
# for as long as `make run` stays.

TRIAL_DAEMON=

show_admin() {
	[ -n "$NEW_ADMIN" ] || return 0
	say ""
	say "The first administrator (shown this once, kept in $VAR/admin.env):"
	sed 's/^/    /' "$VAR/admin.env"
	say ""
}

# call METHOD PATH CURL-ARGUMENT...: as the administrator; the password is not on the command line.
call() {
	curl -sS --max-time 60 -K <(sed -n 's/^MIRRORHUB_PASSWORD=\(.*\)/user = "admin:\1"/p' \
		"$VAR/admin.env") -X "$1" "$URL_OF_HUB$2" "${@:3}"
}

stop_daemon() {
	if [ -n "$TRIAL_DAEMON" ]; then kill "$TRIAL_DAEMON" 2>/dev/null || true; fi
	TRIAL_DAEMON=
}

# The port of last time, because the mirror's URL has it in it; the first time any free one.
choose_daemon_port() {
	local port
	port=$(cat "$VAR/trial-port" 2>/dev/null || say $((20000 + RANDOM % 10000)))
	while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		[ ! -f "$VAR/trial-port" ] || return 1
		port=$((20000 + RANDOM % 10000))
	done
	say "$port" >"$VAR/trial-port"
}

# Offers this checkout alone, for reading, as the person who runs this.
serve_checkout() {
	local git_dir port
	git_dir=$(git -c safe.directory='*' -C "$ROOT" rev-parse --absolute-git-dir 2>/dev/null) || return 1
	[ ! -f "$git_dir/shallow" ] && choose_daemon_port || return 1
	port=$(cat "$VAR/trial-port")
	mkdir -p "$VAR/trial"
	ln -sfn "$git_dir" "$VAR/trial/mirrorhub.git"
	GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
		"$(git --exec-path)/git-daemon" --listen=127.0.0.1 --port="$port" --reuseaddr \
		--base-path="$VAR/trial" --export-all --max-connections=8 "$VAR/trial" \
		>/dev/null 2>&1 </dev/null &
	TRIAL_DAEMON=$!
	until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		[ -n "$(start_time "$TRIAL_DAEMON")" ] || return 1
		sleep 0.05
	done
	URL=git://127.0.0.1:$port/mirrorhub.git
}

# One line about the project NAME: "run id|outcome|error|phase|objects|total|MiB".
progress_of() {
	psql_as mirrorhub_owner mirrorhub -At -v name="$1" <<-'END'
		SELECT coalesce(r.id, 0), coalesce(r.outcome, ''), coalesce(r.error_text, ''),
			coalesce(nullif(j.phase, ''), j.state, ''), coalesce(j.objects, 0),
			coalesce(j.objects_total, 0), coalesce(j.bytes, 0) / 1048576
		FROM hub.project p
		LEFT JOIN hub.job j ON j.project_id = p.id AND j.kind = 'sync'
		LEFT JOIN LATERAL (SELECT * FROM hub.run r WHERE r.project_id = p.id
			ORDER BY r.id DESC LIMIT 1) r ON true
		WHERE lower(p.path) = lower(:'name')
	END
}

# show_progress NAME RUN: until a run later than RUN has ended.
show_progress() {
	local id outcome error phase objects total mib line told=
	while true; do
		IFS='|' read -r id outcome error phase objects total mib < <(progress_of "$1") || return 1
		[ "$id" -le "$2" ] || break
		line="$1: $phase, $objects of $total objects, $mib MiB"
		if [ -t 1 ]; then
			printf '\r\e[K%s' "$line"
		elif [ "$phase" != "$told" ]; then
			say "$line"
			told=$phase
		fi
		sleep 0.2
	done
	if [ -t 1 ]; then printf '\r\e[K'; fi
	if [ "$outcome" = failed ]; then
		say "$1: the sync failed: $error"
		return 1
	fi
	say "$1: $outcome"
}

# Registers URL, or asks for another sync of what is there; sets NAME and its last RUN before.
register() {
	local answer
	answer=$(call POST /repositories --data-urlencode "url=$URL" ${1:+-d "name=$1"}) || return 1
	case $answer in
	true)
		RUN_BEFORE=0
		NAME=$(psql_as mirrorhub_owner mirrorhub -Atc \
			"SELECT path FROM hub.project ORDER BY id DESC LIMIT 1")
		;;
	*"Exists Repository: "*)
		NAME=${answer#*Exists Repository: }
		NAME=${NAME%\"\}}
		IFS='|' read -r RUN_BEFORE _ < <(progress_of "$NAME") || return 1
		answer=$(call PUT "/repositories/$NAME") || return 1
		;;
	esac
	[ "$answer" = true ] || { say "the hub says: $answer"; return 1; }
}

show_lines() {
	say "$(call GET "/repositories/$NAME")"
	cat <<-END

		Try in another terminal:

		    git clone $URL_OF_HUB/$NAME.git
		    curl $URL_OF_HUB/repositories/$NAME
		    . $VAR/admin.env && curl -u "\$MIRRORHUB_USER:\$MIRRORHUB_PASSWORD" -d url=https://example.org/some/repository.git \$MIRRORHUB_URL/repositories

	END
}

trial() {
	local wanted=
	if [ -z "${URL:-}" ]; then
		serve_checkout || {
			say "This folder is no whole Git checkout: give a repository to mirror as URL=..."
			return 0
		}
		wanted=mirrorhub
	fi
	say "mirroring $URL"
	if register "$wanted" && show_progress "$NAME" "$RUN_BEFORE"; then
		show_lines
	fi
}
