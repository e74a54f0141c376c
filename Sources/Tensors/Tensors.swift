import CTorch
public func hello() -> Int { Int(ct_hello()) }
