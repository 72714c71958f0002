// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** systemdUnit is that of docs/client.md, for a configuration in JSON. */
export const systemdUnit = `[Unit]
Description=Culvert tunnel client
Wants=network-online.target
After=network-online.target

[Service]
DynamicUser=yes
StateDirectory=tunnelclient
Environment=CULVERT_HOME=%S/tunnelclient
LoadCredential=token:/etc/culvert/token
ExecStart=/usr/local/bin/tunnelclient --config /etc/culvert/client.json --token-file %d/token
ExecReload=kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
# 2: configuration, 3: refused. Trying again would not mend those.
RestartPreventExitStatus=2 3
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes

[Install]
WantedBy=multi-user.target`
