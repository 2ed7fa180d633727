// Runs steps with Fabric's own Gateway client and prints their outcomes as JSON: one object a step.
// The one argument is a file: {peer, tlsCa, mspId, certificate, key, channel, chaincode, steps: [{do, function, args, …}]}.

import { readFile } from 'node:fs/promises';
import * as crypto from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { checkpointers, connect, hash, signers } from '@hyperledger/fabric-gateway';

const MAX_MESSAGE = 100 << 20;
const told = JSON.parse(await readFile(process.argv[2], 'utf8'));

const client = new grpc.Client(told.peer, grpc.credentials.createSsl(Buffer.from(told.tlsCa)), {
    'grpc.max_receive_message_length': MAX_MESSAGE,
    'grpc.max_send_message_length': MAX_MESSAGE,
});
const gateway = connect({
    client,
    identity: { mspId: told.mspId, credentials: Buffer.from(told.certificate) },
    signer: signers.newPrivateKeySigner(crypto.createPrivateKey(told.key)),
    hash: hash.sha256,
    chaincodeEventsOptions: () => ({ deadline: Date.now() + 20_000 }),
});
const network = gateway.getNetwork(told.channel);
const contract = network.getContract(told.chaincode);

function options(step) {
    const given = { arguments: step.args === undefined ? [] : [JSON.stringify(step.args)] };
    if (step.transient !== undefined) given.transientData = step.transient;
    if (step.endorsers !== undefined) given.endorsingOrganizations = step.endorsers;
    return given;
}

const does = {
    async evaluate(step) {
        return Buffer.from(await contract.evaluate(step.function, options(step))).toString();
    },

    async submit(step) {
        return Buffer.from(await contract.submit(step.function, options(step))).toString();
    },

    // Proposal, endorsement, envelope and commit one by one, with signatures made elsewhere.
    async offline(step) {
        const proposal = contract.newProposal(step.function, options(step));
        const signer = signers.newPrivateKeySigner(crypto.createPrivateKey(told.key));
        const sign = (unsigned) => signer(unsigned.getDigest());
        const signed = gateway.newSignedProposal(proposal.getBytes(), await sign(proposal));
        const transaction = await signed.endorse();
        const envelope = gateway.newSignedTransaction(transaction.getBytes(), await sign(transaction));
        const commit = await envelope.submit();
        const status = await gateway.newSignedCommit(commit.getBytes(), await sign(commit)).getStatus();
        return { successful: status.successful, block: Number(status.blockNumber), code: status.code };
    },

    async events(step) {
        const checkpointer = checkpointers.inMemory();
        const found = [];
        let wanted = { startBlock: BigInt(step.from) };
        while (found.length < step.count) {
            // A stream of its own for each event: every one goes on at the checkpoint of the one before.
            const events = await network.getChaincodeEvents(told.chaincode, { ...wanted, checkpoint: checkpointer });
            try {
                for await (const event of events) {
                    found.push([event.eventName, JSON.parse(Buffer.from(event.payload).toString())]);
                    await checkpointer.checkpointChaincodeEvent(event);
                    break;
                }
            } finally {
                events.close();
            }
            wanted = {};
        }
        return found;
    },
};

for (const step of told.steps) {
    try {
        console.log(JSON.stringify({ result: await does[step.do](step) }));
    } catch (error) {
        const { name, message, code, details } = error;
        console.log(JSON.stringify({ error: { name, message, code, details } }));
    }
}
gateway.close();
client.close();
