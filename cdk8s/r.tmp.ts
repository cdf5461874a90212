import { App, Chart } from 'cdk8s';
import { Bootstrap } from '/work/main/cdk8s/bootstrap/bootstrap.ts';
import { dev } from '/work/main/cdk8s/environments/dev.ts';
import { production } from '/work/main/cdk8s/environments/production.ts';
const app = new App(); const c = new Chart(app,'p',{namespace:'n',disableResourceNameHashes:true}); new Bootstrap(c, {...production, tls: process.argv[2]});
import { Yaml } from 'cdk8s';
console.log(Yaml.stringify(...c.toJson()));
