// A small contract on npm's fabric-shim, told by environment what to serve, as every server of the test network.
// It takes and gives what TOTEM's contracts do: a name and one JSON object, canonical JSON.

'use strict';

const fs = require('fs');
const shim = require('fabric-shim');

const MAX_MESSAGE = 100 << 20;

// Canonical: keys in order, no spaces.
function encode(value) {
    if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
    if (value !== null && typeof value === 'object') {
        const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${encode(value[key])}`);
        return `{${pairs.join(',')}}`;
    }
    return JSON.stringify(value);
}

class Refused extends Error {}

async function valuesOf(iterator) {
    const found = [];
    for await (const row of iterator) found.push(row.value.toString());
    return found;
}

const functions = {
    async who(stub) {
        const creator = stub.getCreator();
        return { msp: creator.mspid, certified: creator.idBytes.length > 0 };
    },

    async put(stub, { key, value }) {
        await stub.putState(key, Buffer.from(value));
        return key;
    },

    async get(stub, { key }) {
        const found = await stub.getState(key);
        return found.length ? Buffer.from(found).toString() : null;
    },

    async increment(stub, { key }) {
        const before = Number((await stub.getState(key)).toString() || '0');
        await stub.putState(key, Buffer.from(String(before + 1)));
        return before;
    },

    async putRows(stub, { group, count }) {
        for (let number = 0; number < count; number++) {
            const key = stub.createCompositeKey('row', [group, String(number).padStart(4, '0')]);
            await stub.putState(key, Buffer.from(`value ${number}`));
        }
        return count;
    },

    async rows(stub, { group }) {
        return valuesOf(stub.getStateByPartialCompositeKey('row', [group]));
    },

    async page(stub, { group, size, bookmark }) {
        const { iterator, metadata } = await stub.getStateByPartialCompositeKeyWithPagination('row', [group], size, bookmark);
        const rows = [];
        for (let next = await iterator.next(); ; next = await iterator.next()) {
            if (next.value) rows.push(next.value.value.toString());
            if (next.done) break;
        }
        return { rows, bookmark: metadata.bookmark };
    },

    async keepSecret(stub, { collection, key }) {
        await stub.putPrivateData(collection, key, stub.getTransient().get('secret'));
        return null;
    },

    async tellSecret(stub, { collection, key }) {
        const found = await stub.getPrivateData(collection, key);
        return found.length ? Buffer.from(found).toString() : null;
    },

    async shout(stub, { text }) {
        await stub.putState('shouted', Buffer.from(text));
        stub.setEvent('shouted', Buffer.from(encode(text)));
        return text;
    },

    async large(stub, { size }) {
        await stub.getState('large');
        return 'x'.repeat(size);
    },

    async refuse(stub, { why }) {
        throw new Refused(why);
    },
};

class Contract {
    async Init() {
        return shim.success();
    }

    async Invoke(stub) {
        const { fcn, params } = stub.getFunctionAndParameters();
        try {
            if (!(fcn in functions)) throw new Refused(`no function ${fcn}`);
            const found = await functions[fcn](stub, JSON.parse(params[0] || '{}'));
            return shim.success(Buffer.from(encode(found)));
        } catch (error) {
            if (!(error instanceof Refused)) return shim.error(error.message);
            // What TOTEM's shim answers to a contract's refusal.
            const told = { kind: 'refused', code: 'npm', message: error.message, details: {} };
            return { status: 400, message: encode(told), payload: Buffer.alloc(0) };
        }
    }
}

shim.server(new Contract(), {
    ccid: process.env.CHAINCODE_ID,
    address: process.env.CHAINCODE_SERVER_ADDRESS,
    tlsProps: {
        key: fs.readFileSync(process.env.CHAINCODE_TLS_KEY),
        cert: fs.readFileSync(process.env.CHAINCODE_TLS_CERT),
        clientCACerts: fs.readFileSync(process.env.CHAINCODE_CLIENT_CA_CERT),
    },
    'grpc.max_receive_message_length': MAX_MESSAGE,
    'grpc.max_send_message_length': MAX_MESSAGE,
}).start();
