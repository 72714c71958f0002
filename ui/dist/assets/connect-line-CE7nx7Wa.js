import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{j as t,m as n,r}from"./base-BjvLuHC6.js";import{a as i,o as a,t as o}from"./shared-2hxfivoV.js";import{t as s}from"./input-number-C4oRANgV.js";import{t as c}from"./command-CtMzLTE3.js";var l=e(t(),1),u={"linux-amd64":{os:`linux`,file:`tunnelclient-linux-amd64`},"linux-arm64":{os:`linux`,file:`tunnelclient-linux-arm64`},"linux-arm":{os:`linux`,file:`tunnelclient-linux-arm`},"macos-arm64":{os:`macos`,file:`tunnelclient-darwin-arm64`},"macos-amd64":{os:`macos`,file:`tunnelclient-darwin-amd64`},windows:{os:`windows`,file:`tunnelclient-windows-amd64.exe`}};function d(e){return/Windows/.test(e)?`windows`:/Macintosh/.test(e)?`macos-arm64`:/aarch64|arm64/i.test(e)?`linux-arm64`:/armv[67]/i.test(e)?`linux-arm`:`linux-amd64`}var f=`[Unit]
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
WantedBy=multi-user.target`,p=(e,t,n)=>`tunnelclient connect --target ${e} --service ${t} --local ${n}`;function m({system:e,site:t,name:n,config:r,signIn:i}){let{os:a,file:o}=u[e],s=a===`windows`?g:h,c=a===`windows`?`.\\tunnelclient.exe`:`tunnelclient`;return{build:`make clients`,install:s.install(o),signIn:i===`login`?`${c} login ${t} --client ${n}`:s.token,protect:i===`token`&&a===`windows`?_:void 0,config:s.file(`${n}.json`,r),start:`${c} verify --config ${n}.json\n${c} --config ${n}.json`,service:a===`linux`&&i===`token`?v(n):void 0}}var h={install:e=>[`sudo install -d /usr/local/bin`,`sudo install -m 755 ${e} /usr/local/bin/tunnelclient`,`mkdir -p ~/culvert && cd ~/culvert`].join(`
`),token:`(umask 077; cat > token)`,file:(e,t)=>`cat > ${e} <<'EOF'\n${t}\nEOF`},g={install:e=>[`New-Item -ItemType Directory -Force "$HOME\\culvert" | Out-Null`,`Copy-Item ${e} "$HOME\\culvert\\tunnelclient.exe"`,`Set-Location "$HOME\\culvert"`].join(`
`),token:`Read-Host "Token" | Set-Content -Encoding ascii token`,file:(e,t)=>`@'\n${t}\n'@ | Set-Content -Encoding ascii ${e}`},_='icacls token /inheritance:r /grant:r "${env:USERNAME}:F"',v=e=>[`sudo install -d /etc/culvert`,`sudo install -m 600 token /etc/culvert/token`,`sudo install -m 644 ${e}.json /etc/culvert/client.json`,`sudo tee /etc/systemd/system/tunnelclient.service > /dev/null <<'EOF'\n${f}\nEOF`,`sudo systemctl daemon-reload`,`sudo systemctl enable --now tunnelclient`].join(`
`),y=n(),b={udp:5353,tcp:2222},x=3e3;function S({client:e,service:t,protocol:n}){let{t:u}=r(`tunnels`),[d,f]=(0,l.useState)(b[n]??x),m=`${n===`http`||n===`ws`?`${n}://`:``}127.0.0.1:${d}`;return(0,y.jsxs)(a,{vertical:!0,gap:`small`,children:[(0,y.jsx)(i,{layout:`inline`,children:(0,y.jsx)(i.Item,{label:u(`connect.port`),children:(0,y.jsx)(s,{min:1,max:65535,precision:0,value:d,onChange:e=>e!==null&&f(e),"aria-label":u(`connect.port`)})})}),(0,y.jsx)(c,{text:p(e,t,d),what:u(`command`)}),(0,y.jsx)(o.Text,{type:`secondary`,children:u(`connect.then`,{place:m})})]})}export{u as i,m as n,d as r,S as t};