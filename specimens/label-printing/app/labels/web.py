import logging

from flask import Flask, jsonify, request
from rq.registry import FailedJobRegistry, FinishedJobRegistry, StartedJobRegistry

from labels.printing import print_labels
from labels.queueing import connection, queue

app = Flask(__name__)
log = logging.getLogger("labels.web")


@app.get("/health")
def health():
    connection.ping()
    return jsonify(ok=True)


@app.post("/shipments/<shipment>/labels")
def order_labels(shipment):
    count = int(request.get_json()["count"])
    job = queue.enqueue(print_labels, shipment, count, job_id=f"labels-{shipment}", result_ttl=3600)
    log.info("%d labels of %s queued as %s", count, shipment, job.id)
    return jsonify(job=job.id), 202


@app.get("/printing")
def printing():
    return jsonify(
        waiting=queue.job_ids,
        started=StartedJobRegistry(queue=queue).get_job_ids(),
        finished=FinishedJobRegistry(queue=queue).count,
        failed=FailedJobRegistry(queue=queue).get_job_ids(),
    )
