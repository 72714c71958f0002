import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{t}from"./tabs-xboUKsDe.js";import{E as n,S as r,T as i,d as a,h as o,j as s,m as c,p as l,r as u}from"./base-BjvLuHC6.js";import{t as d}from"./not-found-CvAqWIMw.js";import{O as ee,T as te,a as f,f as p,i as m,o as h,r as g,t as ne,w as _,x as v}from"./frame-8DB2CGjv.js";import{A as y,On as b,a as x,et as S,g as C,i as w,o as T,t as E}from"./shared-2hxfivoV.js";import{t as re}from"./modal-Bv7wr_dT.js";import{t as D}from"./command-CtMzLTE3.js";import{n as ie,r as O,t as k}from"./hosts-BlxNHnrU.js";import{t as A}from"./use-submit-DpZcSJbw.js";import{t as j}from"./descriptions-vg94upk-.js";import{t as M}from"./table-BGYzNvX3.js";import{t as N}from"./scroll-by-keys-rkIikYgT.js";import{t as P}from"./drop-domain-DzAtMqKf.js";import{n as F,t as I}from"./pages-BCHo19if.js";import{t as L}from"./search-box-DZ8jq8O_.js";import{t as R}from"./use-filters-MnuuQjTm.js";import{r as z}from"./names-R5DZ_ixY.js";import{n as B,r as V}from"./columns-D1Nq33na.js";import{t as H}from"./part-BhRDMxxs.js";import{n as U,t as W}from"./sites-BfnAIIDi.js";var G=e(s(),1),K=c();function q({name:e}){let{t}=u(`publishing`),n=v.useQuery(`get`,`/site`).data,r=O(n?.url??``)||location.hostname;return(0,K.jsxs)(T,{vertical:!0,gap:`small`,children:[(0,K.jsx)(E.Text,{children:t(`domains.lead`,{name:e,gateway:r})}),(0,K.jsx)(E.Text,{children:t(`domains.next_command`)}),(0,K.jsx)(D,{text:`tunnelclient http 8080 --name ${e}`,what:t(`command`)}),(0,K.jsx)(E.Text,{children:t(`domains.next_config`)}),(0,K.jsx)(D,{text:`publish: {host: ${e}}`,what:t(`add.lines`)})]})}function ae({name:e}){let{t}=u(`publishing`),n=v.useQuery(`get`,`/domains/proof`);if(n.error)return(0,K.jsx)(p,{error:n.error,onRetry:()=>void n.refetch()});if(n.isPending)return(0,K.jsx)(_,{rows:3});let{prefix:r,type:i,value:a}=n.data,o=[{label:t(`domains.record_name`),text:`${r}.${e||`www.example.org`}`},{label:t(`domains.record_type`),text:i},{label:t(`domains.record_value`),text:a}];return(0,K.jsx)(j,{bordered:!0,size:`small`,column:1,items:o.map(({label:e,text:t})=>({key:e,label:e,children:(0,K.jsxs)(T,{justify:`space-between`,align:`center`,gap:`small`,children:[(0,K.jsx)(`span`,{className:`mono`,style:{overflowWrap:`anywhere`},children:t}),(0,K.jsx)(g,{text:t,what:e,type:`text`,size:`small`})]})}))})}function J({form:e,onProven:t}){let{t:n}=u(`publishing`),r=l(),i=k(x.useWatch(`name`,e)??``),[a,o]=(0,G.useState)(),s=v.useMutation(`post`,`/domains`),{submit:c,busy:d,error:f}=A(e,async e=>{o(void 0);try{let n=await s.mutateAsync({body:{name:k(e.name)}});await te(r,`/domains`,`/published`),t(n.name)}catch(e){let{code:t,details:n}=ee(e);if(t!==`not_proven`)throw e;o(String(n.found))}});return(0,K.jsxs)(x,{form:e,layout:`vertical`,requiredMark:!1,preserve:!1,onFinish:e=>void c(e),onValuesChange:()=>o(void 0),children:[(0,K.jsx)(x.Item,{name:`name`,label:n(`domains.name`),extra:n(`domains.name_text`),rules:[{validator:(e,t=``)=>k(t)?Promise.resolve():Promise.reject(Error(n(`domains.name_rule`)))}],validateTrigger:`onSubmit`,children:(0,K.jsx)(w,{className:`mono`,placeholder:ie,maxLength:253,autoComplete:`off`,autoCapitalize:`off`,spellCheck:!1})}),(0,K.jsxs)(T,{vertical:!0,gap:`middle`,children:[(0,K.jsx)(E.Text,{children:n(`domains.record`)}),(0,K.jsx)(ae,{name:i}),a!==void 0&&(0,K.jsx)(b,{type:`warning`,showIcon:!0,role:`alert`,title:n(`domains.found.${oe(a)}`,{found:a}),description:n(`domains.wait`)}),f!==void 0&&(0,K.jsx)(p,{error:f}),(0,K.jsx)(T,{children:(0,K.jsx)(y,{type:`primary`,htmlType:`submit`,loading:d,children:n(`domains.check`)})})]})]})}var Y={"there is none":`none`,"it has other values":`other`,"DNS did not answer":`silent`},oe=e=>Object.hasOwn(Y,e)?Y[e]:`unknown`,se=e=>e?.focus();function ce({open:e,onClose:t}){let{t:n}=u([`publishing`,`common`]),[r]=x.useForm(),[i,a]=(0,G.useState)();return(0,K.jsx)(re,{open:e,title:i===void 0?n(`domains.add`):n(`domains.yours`,{name:i}),onCancel:t,afterOpenChange:e=>e&&r.focusField(`name`),afterClose:()=>a(void 0),destroyOnHidden:!0,width:640,footer:i!==void 0&&(0,K.jsx)(y,{ref:se,onClick:t,children:n(`common:close`)}),children:i===void 0?(0,K.jsx)(J,{form:r,onProven:a}):(0,K.jsx)(q,{name:i})})}function le({domains:e}){let{t}=u(`publishing`);return(0,K.jsx)(M,{ref:N,"aria-label":t(`tabs.domains`),rowKey:`name`,dataSource:e,pagination:!1,size:`middle`,scroll:{x:`max-content`},columns:[{title:t(`domains.name`),dataIndex:`name`,render:e=>(0,K.jsx)(`span`,{className:`mono`,children:e})},{title:t(`domains.proof`),key:`proof`,render:(e,n)=>t(`domains.proofs.${n.proof}`)},{title:t(`domains.since`),key:`since`,render:(e,t)=>(0,K.jsx)(m,{at:t.created_at})},{title:(0,K.jsx)(`span`,{className:`sr-only`,children:t(`actions`)}),key:`actions`,align:`right`,render:(e,t)=>(0,K.jsx)(P,{name:t.name})}]})}function ue(){let{t:e}=u(`publishing`),[t,n]=(0,G.useState)(!1),r=v.useQuery(`get`,`/domains`);if(r.error)return(0,K.jsx)(p,{error:r.error,onRetry:()=>void r.refetch()});if(r.isPending)return(0,K.jsx)(_,{});let i=r.data.items??[],a=(0,K.jsx)(y,{type:`primary`,icon:(0,K.jsx)(C,{"aria-hidden":!0}),onClick:()=>n(!0),children:e(`domains.add`)});return(0,K.jsxs)(T,{vertical:!0,gap:`middle`,children:[(0,K.jsx)(ce,{open:t,onClose:()=>n(!1)}),i.length?(0,K.jsxs)(K.Fragment,{children:[(0,K.jsx)(`div`,{children:a}),(0,K.jsx)(le,{domains:i})]}):(0,K.jsx)(f,{title:e(`domains.empty`),text:e(`domains.empty_text`),action:a})]})}function de(){let{t:e}=u(`publishing`),[{search:t},n]=R([`search`]),r=v.useInfiniteQuery(`get`,`/published`,{params:{query:{search:t}}},{...F,refetchInterval:z,placeholderData:a}),i=V(!1),o=I(r.data);return r.error?(0,K.jsx)(p,{error:r.error,onRetry:()=>void r.refetch()}):r.isPending?(0,K.jsx)(_,{}):!o.length&&!t?(0,K.jsx)(fe,{}):(0,K.jsxs)(T,{vertical:!0,gap:`middle`,children:[(0,K.jsx)(L,{label:e(`names.search`),value:t,onSearch:e=>n({search:e})}),(0,K.jsx)(M,{ref:N,"aria-label":e(`tabs.names`),rowKey:B,dataSource:o,columns:i,pagination:!1,size:`middle`,scroll:{x:`max-content`},locale:{emptyText:e(`names.none_found`)}}),(0,K.jsx)(ne,{query:r})]})}function fe(){let{t:e}=u(`publishing`);return(0,K.jsx)(f,{title:e(`names.empty`),text:e(`names.empty_text`),action:(0,K.jsxs)(T,{vertical:!0,gap:`small`,style:{maxWidth:420,marginInline:`auto`,textAlign:`start`},children:[(0,K.jsx)(E.Text,{children:e(`names.first_website`)}),(0,K.jsx)(D,{text:`tunnelclient http 8080`,what:e(`command`)}),(0,K.jsx)(E.Text,{children:e(`names.first_port`)}),(0,K.jsx)(D,{text:`tunnelclient tcp 22`,what:e(`command`)}),(0,K.jsx)(o,{to:`/docs/publishing`,children:e(`docs`)})]})})}var X={password:({upstream:e})=>`intranet.example.com {
	basic_auth {
		alice $2a$14$...
	}
	reverse_proxy ${e} {
		transport culvert
		stream_close_delay 24h
	}
}`,balance:({upstream:e,other:t})=>`intranet.example.com {
	reverse_proxy ${e} ${t} {
		transport culvert
		lb_policy first
		lb_retries 1
		stream_close_delay 24h
	}
}`,certificate:({upstream:e})=>`intranet.example.com {
	tls /etc/ssl/intranet.pem /etc/ssl/intranet.key
	reverse_proxy ${e} {
		transport culvert
		stream_close_delay 24h
	}
}`,port:({upstream:e})=>`{
	culvert {
		listen tcp/:2222 ${pe(e)}
	}
}`,names:({site:e})=>`{
	culvert {
		publish ${e} ${Z(e)}
		ports   tcp 20000-20099
		ports   udp 20000-20099
	}
	on_demand_tls {
		permission culvert
	}
}
(published) {
	tls {
		on_demand
	}
	culvert_publish
}
${e} {
	import published
}
${Z(e)} {
	import published
}`,wildcard:({site:e})=>`${e} {
	tls {
		dns cloudflare {env.CLOUDFLARE_API_TOKEN}
	}
	culvert_publish
}`};function pe(e){return e.replace(`culvert/`,``).split(`.`).reverse().join(`/`)}var Z=e=>e.replace(/\/\/[^:]*/,`//`),me=200,he={client:`nas`,service:`web`,owner_id:1,owner:`alice`};function ge(){let{t:e}=u(`publishing`),[t,n]=(0,G.useState)(),r=v.useQuery(`get`,`/published`,{params:{query:{limit:me}}});if(r.error)return(0,K.jsx)(p,{error:r.error,onRetry:()=>void r.refetch()});if(r.isPending)return(0,K.jsx)(_,{});let i=r.data.items??[],a=i.filter(e=>e.client&&_e(e)),s=a.find(e=>U(e)===t)??a[0]??he,c=U(s),l=a.find(e=>e.service===s.service&&e.client!==s.client),d={upstream:c,other:U(l??{...s,client:`backup`}),site:W(i.filter(e=>e.url?.startsWith(`https:`)))??`https://*.apps.example.com`};return(0,K.jsxs)(T,{vertical:!0,gap:`large`,style:{maxWidth:860},children:[(0,K.jsxs)(E.Paragraph,{type:`secondary`,style:{margin:0},children:[e(`operators.intro`),` `,(0,K.jsx)(o,{to:`/docs/publishing`,children:e(`docs`)})]}),a.length>0&&(0,K.jsx)(x,{layout:`vertical`,children:(0,K.jsx)(x.Item,{label:e(`operators.service`),htmlFor:`upstream`,style:{margin:0},children:(0,K.jsx)(S,{id:`upstream`,value:c,onChange:n,options:[...new Set(a.map(U))].map(e=>({value:e})),style:{maxWidth:420}})})}),Object.keys(X).map(t=>(0,K.jsx)(H,{title:e(`operators.${t}.title`),intro:e(`operators.${t}.text`),children:(0,K.jsx)(D,{text:X[t](d),what:e(`operators.lines`)})},t))]})}var _e=({protocol:e})=>e===`http`||e===`ws`;function Q(){let{t:e}=u(`publishing`),t=i();return(0,K.jsx)(y,{type:`primary`,icon:(0,K.jsx)(C,{"aria-hidden":!0}),href:r(`/publishing/add`),onClick:e=>{e.preventDefault(),t(`/publishing/add`)},children:e(`add.title`)})}var $={names:(0,K.jsx)(de,{}),domains:(0,K.jsx)(ue,{}),operators:(0,K.jsx)(ge,{})};function ve(){let{t:e}=u(`publishing`),r=i(),{tab:a=`names`}=n();return Object.hasOwn($,a)?(0,K.jsx)(h,{title:e(`title`),intro:e(`intro`),actions:(0,K.jsx)(Q,{}),children:(0,K.jsx)(t,{activeKey:a,onChange:e=>void r(`/publishing/${e}`),destroyOnHidden:!0,items:Object.keys($).map(t=>({key:t,label:e(`tabs.${t}`),children:$[t]}))})}):(0,K.jsx)(d,{})}export{ve as Component};