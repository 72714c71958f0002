var e=`# Quick start

[中文](quickstart.zh-CN.md)

From an invite to a URL that works takes a minute, and a tunnel takes two. All you need is the link that somebody sent you, and a browser. If you have just started a gateway of your own, open the link that it printed instead: it makes the first administrator, and the rest is the same.

## A URL in one minute

1. **Open the invite link.** Its code is filled in already. Choose a name and a password, give your e-mail address, and create the account. You are logged in at once.
2. **Create an endpoint**: one click under *Endpoints*.
3. **Copy its URL.** It looks like \`wss://example.com/ws/Zk3vJ0y4Q9m1xT7uWbR2sA\`, and works from now on, from anywhere.

Every WebSocket client that connects to this URL receives what the others send. Share it as you would a password: who knows it may connect. If that is too open, make the endpoint private in its settings; then it asks for a key, too.

## See it work

The tab *Console* of the endpoint is two clients side by side. Type in one, and read it in the other. Nothing of what you see there is stored.

For a program of your own, the tab *Code* has short examples in many languages, with your URL in them already. Copy one, run it, and send it something from the console.

In the tab *Connections* you see who is connected, and the log says in plain words why somebody is not any more. What an endpoint promises, its limits and its close codes are in [Endpoints](endpoints.md).

## A tunnel in two minutes

An endpoint passes messages between programs that know WebSocket. A tunnel is for everything else: it makes a service of one machine (a web server, SSH, a database, a game) reachable from another one, even if neither has a public address.

1. **On the machine with the service**: choose *Add a client* under *Tunnels*, and answer what system it has, a name for it, such as \`client-a\`, and which service it offers. You get the exact commands. The page shows when the client is online.
2. **On the other machine**: add a client in the same way, without a service. Then connect:

\`\`\`sh
tunnelclient connect --target client-a --service web-server --local 3000
\`\`\`

3. **Use it** as if it were there: \`http://localhost:3000\` is the other machine's web server.

The program is called \`tunnelclient\`. When it asks you to confirm a code, make sure that it is you who started it. Everything that it can do is in [tunnelclient](client.md); how to let other people use a service of yours is in [Accounts](accounts.md#whose-service-may-be-used-by-whom).

## Keep it safe

- URLs, keys and tokens are secrets. Keys and tokens are shown once; if one has got lost, make another one and revoke the old one.
- *Account* lists where you are logged in. End what you do not know, and change your password: that ends all other log-ins.
- For scripts make an API token there, with no more rights than they need: see [the API](accounts.md#the-api).

## When something does not work

| what you see | what to do |
| --- | --- |
| the invite code is wrong, used or expired | ask for another one; each is good for one account |
| a client connects and is closed at once | look at the endpoint's log, and at the [close codes](endpoints.md#close-codes) |
| the page says *Connecting…* | the gateway cannot be reached just now; the page comes back by itself |
| a tunnel client stays offline | run \`tunnelclient verify\`, and read [what to do then](client.md#when-something-does-not-work) |
`;export{e as default};