extension TrainingLoop {
    /// Notes an evaluation that is the best so far; whether it is.
    func noteScore(_ metrics: [String: Double]) throws -> Bool {
        guard let criterion = options.best else { return false }
        guard let value = metrics[criterion.metric] else {
            throw TrainingError.unknownMetric(criterion.metric, known: Array(metrics.keys))
        }
        guard value.isFinite else {
            try announce(
                .notice(
                    "\(criterion.metric) does not exist at step \(position.step): there is nothing to measure it by. "
                        + "No best checkpoint is chosen by it"))
            return false
        }
        if let best = position.best, !criterion.prefers(value, to: best.value) {
            return false
        }
        position.best = BestScore(metric: criterion.metric, value: value, step: position.step)
        return true
    }

    /// Counts the evaluations since the last better one, for a training that ends early.
    func noteWaiting(_ metrics: [String: Double]) throws {
        guard let stopping = options.earlyStopping else { return }
        let criterion = stopping.criterion
        guard let value = metrics[criterion.metric] else {
            throw TrainingError.unknownMetric(criterion.metric, known: Array(metrics.keys))
        }
        let isBetter =
            value.isFinite
            && (position.waiting.best.map {
                criterion.prefers(value, to: $0.value, by: stopping.minimumChange)
            } ?? true)
        if isBetter {
            position.waiting = WaitingForBetter(
                best: BestScore(metric: criterion.metric, value: value, step: position.step))
        } else {
            position.waiting.evaluations += 1
        }
    }
}
