/// Memory that a thread keeps from one piece of work to the next. It grows, and is neither cleared nor copied.
final class ReusedMemory<Element: BitwiseCopyable> {
    private var memory = UnsafeMutableBufferPointer<Element>(start: nil, count: 0)

    /// Room for so many elements, of which none has a value yet. What was given earlier is void.
    func room(for count: Int) -> UnsafeMutableBufferPointer<Element> {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(capacity: max(count, 2 * memory.count))
        }
        return UnsafeMutableBufferPointer(rebasing: memory[..<count])
    }

    deinit { memory.deallocate() }
}
